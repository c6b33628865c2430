/** Who read what: the way back from a key of a collection to the derivations that must run again when it changes. */

/** What can be fetched from. */
export interface Followed {
  readonly name: string;
  readonly readers: Readers;
}

/** What one run of a derivation for one input key fetched: `sources[i]` under `keys[i]`, no pair twice. */
export interface Fetches {
  readonly sources: readonly Followed[];
  readonly keys: readonly string[];
}

const none: readonly never[] = [];

/** The subscriptions of one input key of one derivation. There are as many as keys, so that it holds no more than it must. */
export class Cell implements Fetches {
  readonly owner: { invalidate(key: string): void };
  readonly key: string;
  sources: readonly Followed[] = none;
  keys: readonly string[] = none;

  constructor(owner: { invalidate(key: string): void }, key: string) {
    this.owner = owner;
    this.key = key;
  }

  /** Subscribes to what was fetched now, and to nothing else any more. */
  follow(now: Fetches): void {
    const { sources, keys } = this;
    if (isSame(sources, now.sources) && isSame(keys, now.keys)) return;
    this.sources = now.sources;
    this.keys = now.keys;
    sources.forEach((source, at) => {
      source.readers.remove(keys[at] ?? '', this);
    });
    now.sources.forEach((source, at) => {
      source.readers.add(now.keys[at] ?? '', this);
    });
  }
}

export function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

export class Readers {
  /** Nearly every key has one reader, so that a Set is made for the second one only. */
  readonly #cells = new Map<string, Cell | Set<Cell>>();
  #size = 0;

  /** How many (key, reader) pairs are held. */
  get size(): number {
    return this.#size;
  }

  add(key: string, cell: Cell): void {
    const held = this.#cells.get(key);
    this.#size++;
    if (held === undefined) this.#cells.set(key, cell);
    else if (held instanceof Set) held.add(cell);
    else this.#cells.set(key, new Set([held, cell]));
  }

  remove(key: string, cell: Cell): void {
    const held = this.#cells.get(key);
    if (held instanceof Set) {
      if (!held.delete(cell)) return;
      if (held.size === 0) this.#cells.delete(key);
      this.#size--;
    } else if (held === cell) {
      this.#cells.delete(key);
      this.#size--;
    }
  }

  invalidate(key: string): void {
    const held = this.#cells.get(key);
    if (held === undefined) return;
    if (held instanceof Set) for (const cell of held) cell.owner.invalidate(cell.key);
    else held.owner.invalidate(held.key);
  }
}
