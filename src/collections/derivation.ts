/**
 * What map, flatMap and groupBy share: which input keys have to be looked at again, what each of them read, and what
 * becomes of a derivation that throws (a programmer's mistake: the key keeps its last good output, and a finding says so).
 */
import { CollectionNode, type Node, type NodeDetails } from './node.ts';
import { Cell, type Followed } from './readers.ts';
import { nothingRead, type Trace, type Tracker } from './tracker.ts';

/** What a derivation follows key by key: a collection, or the buckets of an index. */
export interface Input<I> extends Node {
  value(key: string): I | undefined;
  storedKeys(): Iterable<string>;
}

export interface DerivationDetails<I> extends NodeDetails {
  readonly input: Input<I>;
  readonly tracker: Tracker;
}

export abstract class Derivation<I, O, R> extends CollectionNode<O> {
  readonly #input: Input<I>;
  readonly #tracker: Tracker;
  readonly #dirty = new Set<string>();
  /** Input keys that fetched something; the others need no memory. */
  readonly #cells = new Map<string, Cell>();
  readonly #reporting = new Set<string>();
  readonly #fetched = new Set<Followed>();

  constructor(details: DerivationDetails<I>, equals: ((a: O, b: O) => boolean) | undefined) {
    super(details, equals);
    this.#input = details.input;
    this.#tracker = details.tracker;
    for (const key of details.input.storedKeys()) this.#dirty.add(key);
  }

  invalidate(key: string): void {
    this.#dirty.add(key);
  }

  run(): readonly string[] {
    const keys = this.#takeDirty();
    if (keys.length === 0) return keys;
    for (const key of keys) this.#recompute(key);
    this.finish();
    this.notifyReaders();
    return keys;
  }

  /** Input keys of which something is remembered beside their outputs. */
  get tracked(): number {
    return new Set([...this.#cells.keys(), ...this.#reporting]).size;
  }

  /** Collections and indexes that were fetched from so far. */
  get fetched(): Iterable<Followed> {
    return this.#fetched;
  }

  dependenciesOf(key: string): readonly (readonly [Followed, string])[] {
    const inputKey = this.inputKeyOf(key);
    if (inputKey === undefined) return [];
    const { sources, keys } = this.#cells.get(inputKey) ?? nothingRead;
    const fetched = sources.map((source, at) => [source, keys[at] ?? ''] as const);
    return [[this.#input, inputKey], ...fetched];
  }

  protected abstract derive(value: I, key: string): R;
  /** The result for one input key; undefined when the key is gone. */
  protected abstract accept(key: string, result: R | undefined): void;
  /** All input keys of the batch are done. */
  protected abstract finish(): void;
  /** The input key that an output key stems from. */
  protected abstract inputKeyOf(key: string): string | undefined;

  /** Each once. Where nothing else called for it, those that changed are all there are. */
  #takeDirty(): readonly string[] {
    if (this.#dirty.size === 0) return [...this.#input.changedKeys()];
    for (const key of this.#input.changedKeys()) this.#dirty.add(key);
    const keys = [...this.#dirty];
    this.#dirty.clear();
    return keys;
  }

  #recompute(key: string): void {
    const value = this.#input.value(key);
    if (value === undefined) {
      this.#remember(key, nothingRead);
      this.accept(key, undefined);
      return;
    }
    const outcome = this.#attempt(value, key);
    const trace = this.#tracker.end();
    if ('result' in outcome) {
      this.#remember(key, trace);
      this.accept(key, outcome.result);
    } else {
      // What was read stays noted, so that the key is tried again as soon as any of it changes.
      this.#remember(key, { ...trace, findings: [this.failure(key, outcome.error)] });
    }
  }

  #attempt(value: I, key: string): { readonly result: R } | { readonly error: unknown } {
    this.#tracker.begin(this);
    try {
      return { result: this.derive(value, key) };
    } catch (error) {
      return { error };
    }
  }

  #remember(key: string, trace: Trace): void {
    let cell = this.#cells.get(key);
    if (cell === undefined && trace.sources.length > 0) {
      cell = new Cell(this, key);
      this.#cells.set(key, cell);
    }
    cell?.follow(trace);
    for (const source of trace.sources) this.#fetched.add(source);
    if (trace.sources.length === 0 && cell !== undefined) this.#cells.delete(key);
    const hadFindings = this.#reporting.delete(key);
    if (trace.findings.length > 0) this.#reporting.add(key);
    if (hadFindings || trace.findings.length > 0) this.setFindings(key, trace.findings);
  }
}
