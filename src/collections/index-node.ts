/**
 * A second way into a collection. A bucket of several values holds immutable arrays sorted by the values' own keys, rebuilt
 * by merging once a batch when something in it changed: a look-up costs nothing, and an array once handed out never
 * changes. Nearly all buckets hold one value, of which they keep the key alone.
 */
import type { Index } from './collection.ts';
import { type CollectionNode, Node, type NodeDetails } from './node.ts';
import type { Followed } from './readers.ts';

interface Several<T> {
  readonly keys: readonly string[];
  readonly values: readonly T[];
}

/** The key of the only value, which the source knows; or several keys with their values. */
type Bucket<T> = string | Several<T>;

/** What happens to one bucket in one batch: the new value under a key, or undefined where it leaves. */
type Edits<T> = Map<string, T | undefined>;

/** Nearly always to one of its values. */
interface Edit<T> {
  readonly key: string;
  readonly value: T | undefined;
}

const empty: Several<never> = { keys: [], values: [] };

export class IndexNode<T> extends Node implements Index<T> {
  readonly #source: CollectionNode<T>;
  readonly #indexKeys: (value: T) => readonly string[];
  readonly #buckets = new Map<string, Bucket<T>>();
  readonly #changed = new Set<string>();
  readonly #failing = new Set<string>();

  constructor(details: NodeDetails, source: CollectionNode<T>, indexKeys: (value: T) => readonly string[]) {
    super(details);
    this.#source = source;
    this.#indexKeys = indexKeys;
    this.#apply(this.#edits(source.storedKeys(), () => undefined));
  }

  /** Values left out because the key function throws for them. */
  get tracked(): number {
    return this.#failing.size;
  }

  lookup(indexKey: string): readonly T[] {
    this.host.guardRead(this.name);
    return this.value(indexKey) ?? empty.values;
  }

  /** The bucket's values; undefined when it is empty. For the engine's own use. */
  value(indexKey: string): readonly T[] | undefined {
    const bucket = this.#buckets.get(indexKey);
    return bucket === undefined ? undefined : this.#several(bucket).values;
  }

  storedKeys(): IterableIterator<string> {
    return this.#buckets.keys();
  }

  changedKeys(): IterableIterator<string> {
    return this.#changed.keys();
  }

  run(): readonly string[] {
    const edits = this.#edits(this.#source.changedKeys(), (key) => this.#source.valueBefore(key));
    if (edits.size === 0) return [];
    this.#apply(edits);
    for (const key of edits.keys()) this.#changed.add(key);
    this.notifyReaders();
    return [...edits.keys()];
  }

  settle(): void {
    if (this.#changed.size > 0) this.#changed.clear();
  }

  count(): number {
    return this.#buckets.size;
  }

  dependenciesOf(indexKey: string): readonly (readonly [Followed, string])[] {
    const bucket = this.#buckets.get(indexKey) ?? empty;
    return (typeof bucket === 'string' ? [bucket] : bucket.keys).map((key) => [this.#source, key]);
  }

  #edits(keys: Iterable<string>, before: (key: string) => T | undefined): Map<string, Edit<T> | Edits<T>> {
    const edits = new Map<string, Edit<T> | Edits<T>>();
    for (const key of keys) {
      const old = before(key);
      const now = this.#source.value(key);
      for (const indexKey of this.#keysOf(key, old)) addEdit(edits, indexKey, { key, value: undefined });
      for (const indexKey of this.#keysOf(key, now)) addEdit(edits, indexKey, { key, value: now });
    }
    return edits;
  }

  /** A key function that throws leaves its value out of the index, and a finding says so. */
  #keysOf(key: string, value: T | undefined): readonly string[] {
    if (this.#failing.delete(key)) this.setFindings(key, []);
    if (value === undefined) return [];
    try {
      return this.#indexKeys(value);
    } catch (error) {
      this.#failing.add(key);
      this.setFindings(key, [this.failure(key, error)]);
      return [];
    }
  }

  #apply(edits: ReadonlyMap<string, Edit<T> | Edits<T>>): void {
    for (const [indexKey, bucketEdits] of edits) {
      const bucket = this.#edited(this.#buckets.get(indexKey), bucketEdits);
      if (bucket === undefined) this.#buckets.delete(indexKey);
      else this.#buckets.set(indexKey, bucket);
    }
  }

  #edited(bucket: Bucket<T> | undefined, edits: Edit<T> | Edits<T>): Bucket<T> | undefined {
    if (!(edits instanceof Map)) {
      const { key, value } = edits;
      if ((bucket ?? key) === key) return value === undefined ? undefined : key;
    }
    const merged = merge(this.#several(bucket ?? empty), severalEdits(edits));
    return merged.keys.length < 2 ? merged.keys[0] : merged;
  }

  #several(bucket: Bucket<T>): Several<T> {
    if (typeof bucket !== 'string') return bucket;
    const value = this.#source.value(bucket);
    return value === undefined ? empty : { keys: [bucket], values: [value] };
  }
}

/** The last edit of a key counts. */
function addEdit<T>(edits: Map<string, Edit<T> | Edits<T>>, indexKey: string, edit: Edit<T>): void {
  const known = edits.get(indexKey);
  if (known === undefined || (!(known instanceof Map) && known.key === edit.key)) edits.set(indexKey, edit);
  else edits.set(indexKey, severalEdits(known).set(edit.key, edit.value));
}

function severalEdits<T>(edits: Edit<T> | Edits<T>): Edits<T> {
  return edits instanceof Map ? edits : new Map([[edits.key, edits.value]]);
}

/**
 * The bucket with the edits made: unchanged stretches are copied whole, so that few edits cost few comparisons. Arrays are
 * kept as short as they are (an array that grew has room to spare).
 */
function merge<T>(bucket: Several<T>, edits: Edits<T>): Several<T> {
  const keys: string[] = [];
  const values: T[] = [];
  let copied = 0;
  const copyUpTo = (end: number) => {
    for (; copied < end; copied++) {
      const key = bucket.keys[copied];
      const value = bucket.values[copied];
      if (key === undefined || value === undefined) continue;
      keys.push(key);
      values.push(value);
    }
  };
  for (const key of [...edits.keys()].sort()) {
    copyUpTo(position(bucket.keys, key, copied));
    if (bucket.keys[copied] === key) copied++;
    const value = edits.get(key);
    if (value === undefined) continue;
    keys.push(key);
    values.push(value);
  }
  copyUpTo(bucket.keys.length);
  return { keys: keys.slice(), values: values.slice() };
}

/** The first place from `low` on whose key is not smaller. */
function position(keys: readonly string[], key: string, low: number): number {
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
