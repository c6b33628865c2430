/** The derivations: map and groupBy (one output under the input's key), flatMap (any keys), merge (first input wins). */
import type { Finding } from '../model/finding.ts';
import { Claims, type Keyed } from './claims.ts';
import type { Context, Shape } from './collection.ts';
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

/** What a flatMap's outputs are, and what to say where several inputs give one key. */
export interface FlatMapShape<O> extends Shape<O> {
  /** The values under one key, the winner first. */
  readonly contested?: (values: readonly O[]) => readonly Finding[];
}

export class FlatMapNode<I, O> extends Derivation<I, O, readonly Keyed<O>[]> {
  readonly #derive: (value: I, context: Context) => readonly O[];
  readonly #context: Context;
  readonly #shape: FlatMapShape<O>;
  readonly #claims: Claims<O>;
  readonly #touched = new Set<string>();
  readonly #contested = new Set<string>();

  constructor(
    details: DerivationDetails<I>,
    derive: (value: I, context: Context) => readonly O[],
    shape: FlatMapShape<O>,
  ) {
    super(details, shape.equals);
    this.#context = details.tracker;
    this.#derive = derive;
    this.#shape = shape;
    this.#claims = new Claims(shape.equals);
  }

  protected derive(value: I): readonly Keyed<O>[] {
    const outputs = this.#derive(value, this.#context).map((output) => ({
      key: this.#shape.key(output),
      value: output,
    }));
    return outputs.length < 2 ? outputs : withoutRepetitions(outputs);
  }

  protected accept(key: string, result: readonly Keyed<O>[] = []): void {
    this.#claims.replace(key, result, this.#touched);
  }

  protected finish(): void {
    for (const key of this.#touched) {
      this.write(key, this.#claims.winner(key)?.value);
      if (this.#shape.contested !== undefined) this.#reportContest(key, this.#shape.contested);
    }
    if (this.#touched.size > 0) this.#touched.clear();
  }

  protected inputKeyOf(key: string): string | undefined {
    return this.#claims.winner(key)?.owner;
  }

  #reportContest(key: string, contested: (values: readonly O[]) => readonly Finding[]): void {
    const values = this.#claims.contest(key);
    if (this.#contested.delete(key) || values !== undefined) {
      this.setFindings(`contest|${key}`, values === undefined ? [] : this.#judge(key, values, contested));
    }
    if (values !== undefined) this.#contested.add(key);
  }

  #judge(key: string, values: readonly O[], contested: (values: readonly O[]) => readonly Finding[]) {
    try {
      return contested(values);
    } catch (error) {
      return [this.failure(key, error)];
    }
  }
}

/** The first of each key. */
function withoutRepetitions<O>(outputs: readonly Keyed<O>[]): readonly Keyed<O>[] {
  const first = new Map<string, Keyed<O>>();
  for (const output of outputs) if (!first.has(output.key)) first.set(output.key, output);
  return [...first.values()];
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
    if (keys.size === 0) return [];
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
