/**
 * Derived collections: what every part of the control plane is written in.
 *
 *   source --set/delete--> Table --+
 *                                  +--> map, flatMap, groupBy, merge --> ... --> sink (one ordered diff a batch)
 *   source --set/delete--> Table --+
 *
 * A collection holds immutable values, each with one string key and a content equality. Tables are filled from outside,
 * in batches; the rest is derived by synchronous, pure, deterministic functions that declare what they read through
 * their Context, and is recomputed for exactly the keys that a change touches. No derivation sees half a batch; an
 * output equal to the old one emits nothing; a table that is not live deletes nothing.
 */
import type { Finding } from '../model/finding.ts';

export interface Collection<T> {
  readonly name: string;
  readonly size: number;
  get(key: string): T | undefined;
  has(key: string): boolean;
  keys(): IterableIterator<string>;
  values(): IterableIterator<T>;
  entries(): IterableIterator<[string, T]>;
}

/** A second way into a collection: index key -> values, in order of their keys. */
export interface Index<T> {
  readonly name: string;
  /** Values under an index key, sorted by their own key; empty when there is none. */
  lookup(indexKey: string): readonly T[];
}

/** What a derivation reads beside its input. Each call records a dependency on exactly what it names. */
export interface Context {
  get<T>(collection: Collection<T>, key: string): T | undefined;
  lookup<T>(index: Index<T>, indexKey: string): readonly T[];
  /** Adds a finding; it lives as long as this derivation's result. */
  report(finding: Finding): void;
}

/** syncing: not yet complete; live: complete and current; stale: what is held may be out of date. */
export type SourceState = 'syncing' | 'live' | 'stale';

/** A collection filled by a source. Changes count from the batch in which they are made: see Engine.batch. */
export interface Table<T> extends Collection<T> {
  readonly state: SourceState;
  /** How many deletions are held because the source was not live when they were asked for. */
  readonly heldDeletions: number;
  set(value: T): void;
  /** Held while the table is not live: the value stays until it is live and the deletion is still wanted. */
  delete(key: string): void;
  /** The source's complete content: sets all of it, deletes the rest (held while not live). */
  replaceAll(values: Iterable<T>): void;
  /** Going live carries out the deletions that are still wanted. */
  setState(state: SourceState): void;
}

export interface Change<T> {
  readonly key: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** The changes of one batch, sorted by key; never empty. */
export type Diff<T> = readonly Change<T>[];

export interface Shape<T> {
  readonly key: (value: T) => string;
  /** Content equality; deep equality when absent. */
  readonly equals?: (a: T, b: T) => boolean;
}
