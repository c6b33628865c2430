/**
 * What every collection and index is inside the engine: a place in the order of evaluation, the readers of its keys, and
 * the changes of the batch that is running.
 */
import { IsthmusError, messageOf } from '../model/errors.ts';
import { type Finding, finding } from '../model/finding.ts';
import type { Collection, Diff } from './collection.ts';
import { equal } from './equality.ts';
import { type Followed, Readers } from './readers.ts';

/** Wiring that cannot work: a programmer's mistake, thrown out of the batch that meets it. */
export class WiringError extends IsthmusError {
  constructor(message: string) {
    super('INTERNAL', message);
  }
}

export type NodeKind = 'table' | 'map' | 'flatMap' | 'groupBy' | 'merge' | 'index' | 'findings';

/** Takes the findings of one key of one node, in place of those it had. */
type FindingsOf = (owner: string, findings: readonly Finding[]) => void;

/** What a node needs of the engine it lives in. */
export interface Host {
  /** Throws if a derivation is running: it must read through its Context. */
  guardRead(name: string): void;
  /** Called on each value that is about to be stored. */
  readonly admit: (value: unknown) => void;
  readonly replaceFindings: FindingsOf;
}

/** The collection of findings runs after all that reports; what is derived from it comes later and reports nothing. */
export const findingsOrder = 1_000_000;

export interface NodeDetails {
  readonly host: Host;
  readonly name: string;
  readonly kind: NodeKind;
  readonly inputs: readonly Node[];
  /** Nodes run in ascending order, and may read only what stands before them. */
  readonly order: number;
}

/** What a node did in the last batch that reached it. */
export interface Run {
  readonly batch: number;
  readonly ms: number;
  readonly recomputed: number;
  /** The first of the recomputed keys. */
  readonly sample: readonly string[];
}

export abstract class Node implements Followed {
  readonly host: Host;
  readonly name: string;
  readonly kind: NodeKind;
  readonly inputs: readonly Node[];
  readonly order: number;
  readonly readers = new Readers();
  lastRun: Run | undefined;
  /** The stack of the last function given to this node that threw. */
  lastFailure: string | undefined;
  /** Set when what failed is the wiring; the engine throws it once the batch is done. */
  wiringError: WiringError | undefined;

  constructor(details: NodeDetails) {
    this.host = details.host;
    this.name = details.name;
    this.kind = details.kind;
    this.inputs = details.inputs;
    this.order = details.order;
  }

  /** Keys that changed in the running batch. */
  abstract changedKeys(): Iterable<string>;
  /** Follows this batch's changes of its inputs; gives the keys it had to look at. */
  abstract run(): readonly string[];
  /** The batch is over: its changes are forgotten. */
  abstract settle(): void;
  /** Entries held, for inspection and leak tests. */
  abstract count(): number;
  /** What a key was derived from, as pairs of node and key. */
  abstract dependenciesOf(key: string): readonly (readonly [Followed, string])[];

  protected notifyReaders(): void {
    if (this.readers.size === 0) return;
    for (const key of this.changedKeys()) this.readers.invalidate(key);
  }

  /** Findings about one key, in place of those before. */
  protected setFindings(key: string, findings: readonly Finding[]): void {
    if (this.order > findingsOrder) return;
    this.host.replaceFindings(`${String(this.order).padStart(9, '0')}|${key}`, findings);
  }

  /** A function of the program threw for one key: everybody else goes on. */
  protected failure(key: string, error: unknown): Finding {
    if (error instanceof WiringError) this.wiringError ??= error;
    this.lastFailure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return finding('ISTH0990', {
      object: { kind: 'Collection', name: this.name },
      path: key,
      message: `${this.name} failed for ${key}: ${messageOf(error)}`,
    });
  }
}

/** A collection: values by key, and for the running batch what stood under each changed key before. */
export abstract class CollectionNode<T> extends Node implements Collection<T> {
  readonly #stored = new Map<string, T>();
  readonly #before = new Map<string, T | undefined>();
  /** All that is stored came in the running batch: it need not be noted a second time that nothing stood there before. */
  #isNew = false;
  #diff: Diff<T> | undefined;
  readonly #equals: (a: T, b: T) => boolean;

  constructor(details: NodeDetails, equals: ((a: T, b: T) => boolean) | undefined) {
    super(details);
    this.#equals = equals ?? equal;
  }

  get size(): number {
    this.host.guardRead(this.name);
    return this.#stored.size;
  }

  get(key: string): T | undefined {
    this.host.guardRead(this.name);
    return this.#stored.get(key);
  }

  has(key: string): boolean {
    this.host.guardRead(this.name);
    return this.#stored.has(key);
  }

  keys(): IterableIterator<string> {
    this.host.guardRead(this.name);
    return this.#stored.keys();
  }

  values(): IterableIterator<T> {
    this.host.guardRead(this.name);
    return this.#stored.values();
  }

  entries(): IterableIterator<[string, T]> {
    this.host.guardRead(this.name);
    return this.#stored.entries();
  }

  /** The current value, for the engine's own use. */
  value(key: string): T | undefined {
    return this.#stored.get(key);
  }

  storedKeys(): IterableIterator<string> {
    return this.#stored.keys();
  }

  changedKeys(): IterableIterator<string> {
    return this.#isNew ? this.#stored.keys() : this.#before.keys();
  }

  /** Before the running batch; asked for changed keys only. */
  valueBefore(key: string): T | undefined {
    return this.#before.get(key);
  }

  count(): number {
    return this.#stored.size;
  }

  settle(): void {
    this.#diff = undefined;
    this.#isNew = false;
    // Clearing an empty Map is not free.
    if (this.#before.size > 0) this.#before.clear();
  }

  /** This batch's changes in order of key; asked for when the node has run. */
  diff(): Diff<T> {
    this.#diff ??= [...this.changedKeys()]
      .sort()
      .map((key) => ({ key, before: this.#before.get(key), after: this.#stored.get(key) }));
    return this.#diff;
  }

  /** All there is, as if it had come in one batch. */
  content(): Diff<T> {
    return [...this.#stored.keys()].sort().map((key) => ({ key, before: undefined, after: this.#stored.get(key) }));
  }

  /** Equal content changes nothing, and the old value stays. Called at most once a key and batch. */
  protected write(key: string, value: T | undefined): void {
    const current = this.#stored.get(key);
    if (current === value) return;
    if (this.#stored.size === 0 && this.#before.size === 0) this.#isNew = true;
    if (value === undefined) {
      this.#stored.delete(key);
    } else {
      if (current !== undefined && this.#equals(current, value)) return;
      this.host.admit(value);
      this.#stored.set(key, value);
    }
    if (!this.#isNew) this.#before.set(key, current);
  }
}
