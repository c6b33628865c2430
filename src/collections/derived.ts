/** The derivations: map and groupBy (one output under the input's key), flatMap (any keys), merge (first input wins). */
import { Claims } from './claims.ts';
import type { Context } from './collection.ts';
import { Derivation, type DerivationDetails } from './derivation.ts';
import { CollectionNode, type NodeDetails } from './node.ts';
import type { Followed } from './readers.ts';

export class MapNode<I, O> extends Derivation<I, O, O | undefined> {
  readonly #derive: (value: I, context: Context, key: string) => O | undefined;
  readonly #context: Context;

  constructor(
    details: DerivationDetails<I>,
    derive: (value: I, context: Context, key: string) => O | undefined,
    equals: ((a: O, b: O) => boolean) | undefined,
  ) {
    super(details, equals);
    this.#context = details.tracker;
    this.#derive = derive;
  }

  protected derive(value: I, key: string): O | undefined {
    return this.#derive(value, this.#context, key);
  }

  protected accept(key: string, result: O | undefined): void {
    this.write(key, result);
  }

  protected finish(): void {}

  protected inputKeyOf(key: string): string | undefined {
    return key;
  }
}

export class FlatMapNode<I, O> extends Derivation<I, O, readonly O[]> {
  readonly #derive: (value: I, context: Context) => readonly O[];
  readonly #context: Context;
  readonly #outputKey: (value: O) => string;
  readonly #claims: Claims<O>;
  readonly #touched = new Set<string>();

  constructor(
    details: DerivationDetails<I>,
    derive: (value: I, context: Context) => readonly O[],
    outputKey: (value: O) => string,
    equals: ((a: O, b: O) => boolean) | undefined,
  ) {
    super(details, equals);
    this.#context = details.tracker;
    this.#derive = derive;
    this.#outputKey = outputKey;
    this.#claims = new Claims(equals);
  }

  /** Keys are taken here, so that a key function that throws counts as a derivation that throws. */
  protected derive(value: I): readonly O[] {
    const outputs = this.#derive(value, this.#context);
    for (const output of outputs) this.#outputKey(output);
    return outputs;
  }

  protected accept(key: string, result: readonly O[] | undefined): void {
    const outputs = new Map<string, O>();
    for (const output of result ?? []) {
      const outputKey = this.#outputKey(output);
      if (!outputs.has(outputKey)) outputs.set(outputKey, output);
    }
    this.#claims.replace(key, outputs, this.#touched);
  }

  protected finish(): void {
    for (const key of this.#touched) this.write(key, this.#claims.winner(key)?.value);
    this.#touched.clear();
  }

  protected inputKeyOf(key: string): string | undefined {
    return this.#claims.winner(key)?.owner;
  }
}

export class MergeNode<T> extends CollectionNode<T> {
  readonly #sources: readonly CollectionNode<T>[];
  #isNew = true;

  constructor(details: NodeDetails, sources: readonly CollectionNode<T>[]) {
    super(details, undefined);
    this.#sources = sources;
  }

  run(): readonly string[] {
    const keys = new Set<string>();
    for (const source of this.#sources) {
      for (const key of this.#isNew ? source.storedKeys() : source.changedKeys()) keys.add(key);
    }
    this.#isNew = false;
    for (const key of keys) this.write(key, this.#standing(key)?.value(key));
    this.notifyReaders();
    return [...keys];
  }

  dependenciesOf(key: string): readonly (readonly [Followed, string])[] {
    const source = this.#standing(key);
    return source === undefined ? [] : [[source, key]];
  }

  #standing(key: string): CollectionNode<T> | undefined {
    return this.#sources.find((source) => source.value(key) !== undefined);
  }
}
