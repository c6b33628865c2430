/**
 * A collection filled by a source. Calls are recorded in the engine's log and take effect, in their order, when the batch
 * is applied; a batch that throws leaves no trace. While the source is not live, no deletion takes effect: it is held,
 * a later set of the key cancels it, and going live carries out those that are left.
 */
import type { Shape, SourceState, Table } from './collection.ts';
import { CollectionNode, type NodeDetails } from './node.ts';
import type { Followed } from './readers.ts';

/** Takes a change of a table into the running batch, or into one of its own. */
export type Log = (change: () => void) => void;

export class TableNode<T> extends CollectionNode<T> implements Table<T> {
  readonly #key: (value: T) => string;
  readonly #log: Log;
  readonly #pending = new Map<string, T | undefined>();
  readonly #held = new Set<string>();
  #state: SourceState = 'syncing';

  constructor(details: NodeDetails, shape: Shape<T>, log: Log) {
    super(details, shape.equals);
    this.#key = shape.key;
    this.#log = log;
  }

  get state(): SourceState {
    return this.#state;
  }

  get heldDeletions(): number {
    return this.#held.size;
  }

  set(value: T): void {
    const key = this.#key(value);
    this.#log(() => this.#put(key, value));
  }

  delete(key: string): void {
    this.#log(() => this.#remove(key));
  }

  replaceAll(values: Iterable<T>): void {
    const complete = new Map<string, T>();
    for (const value of values) complete.set(this.#key(value), value);
    this.#log(() => {
      for (const [key, value] of complete) this.#put(key, value);
      for (const key of [...this.storedKeys(), ...this.#pending.keys()]) {
        if (!complete.has(key)) this.#remove(key);
      }
    });
  }

  setState(state: SourceState): void {
    this.#log(() => {
      this.#state = state;
      if (state !== 'live') return;
      for (const key of this.#held) this.#pending.set(key, undefined);
      this.#held.clear();
    });
  }

  run(): readonly string[] {
    if (this.#pending.size === 0) return [];
    const keys = [...this.#pending.keys()];
    for (const [key, value] of this.#pending) this.write(key, value);
    this.#pending.clear();
    this.notifyReaders();
    return keys;
  }

  dependenciesOf(): readonly (readonly [Followed, string])[] {
    return [];
  }

  #put(key: string, value: T): void {
    this.#held.delete(key);
    this.#pending.set(key, value);
  }

  #remove(key: string): void {
    if (!this.#holds(key)) return;
    if (this.#state === 'live') this.#pending.set(key, undefined);
    else this.#held.add(key);
  }

  #holds(key: string): boolean {
    return this.#pending.has(key) ? this.#pending.get(key) !== undefined : this.value(key) !== undefined;
  }
}
