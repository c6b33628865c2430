/**
 * What a proxy has been given and has taken: the last good resource of each name, its version, and why a newer one was
 * refused. It outlives streams: a new one begins by telling the control plane what is already there.
 */
import { type InertFilters, type ResourceChange, type ResourceKind, resourceKinds } from '../config/resources.ts';

interface Refusal {
  readonly version: string;
  readonly body: Uint8Array | undefined;
  readonly reason: string;
  readonly at: number;
}

export interface LedgerEntry {
  readonly name: string;
  /** Of the last good resource; undefined when there has been none. */
  readonly version: string | undefined;
  readonly body: Uint8Array | undefined;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  readonly refused?: Refusal;
  /** Filters of a listener that do nothing here. */
  readonly inertFilters?: readonly string[];
}

export class ResourceLedger {
  readonly #now: () => number;
  readonly #entries: Readonly<Record<ResourceKind, Map<string, LedgerEntry>>>;

  constructor(now: () => number) {
    this.#now = now;
    const empty = (): Map<string, LedgerEntry> => new Map();
    this.#entries = {
      cluster: empty(),
      endpoints: empty(),
      secret: empty(),
      listener: empty(),
      routes: empty(),
      nativeRoutes: empty(),
    };
  }

  /** Writes down what came of a change: taken, or refused for a reason. */
  record({ kind, name, version, body }: ResourceChange, refusal: string | undefined): void {
    const entries = this.#entries[kind];
    const before = entries.get(name);
    const now = this.#now();
    if (refusal === undefined) {
      if (body === undefined) entries.delete(name);
      else entries.set(name, { name, version, body, updatedAt: now });
      return;
    }
    const base = before ?? { name, version: undefined, body: undefined, updatedAt: now };
    entries.set(name, { ...base, refused: { version, body, reason: refusal, at: now } });
  }

  /** A listener that was refused, because its address was taken, stands after all. */
  noteStanding(name: string): void {
    const entry = this.#entries.listener.get(name);
    if (entry?.refused === undefined || entry.body !== undefined) return;
    const { version, body } = entry.refused;
    this.record({ kind: 'listener', name, version, body }, undefined);
  }

  noteInert({ listener, filters }: InertFilters): void {
    const entry = this.#entries.listener.get(listener);
    if (entry !== undefined) this.#entries.listener.set(listener, { ...entry, inertFilters: filters });
  }

  forget(kind: ResourceKind, name: string): void {
    this.#entries[kind].delete(name);
  }

  has(kind: ResourceKind, name: string): boolean {
    return this.#entries[kind].get(name)?.body !== undefined;
  }

  /** Version by name of what is in force. */
  versions(kind: ResourceKind): Record<string, string> {
    const versions: [string, string][] = [];
    for (const { name, version } of this.#entries[kind].values())
      if (version !== undefined) versions.push([name, version]);
    return Object.fromEntries(versions);
  }

  /** In order of name. */
  entries(kind: ResourceKind): readonly LedgerEntry[] {
    return [...this.#entries[kind].values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Everything in force, in the order in which it can be applied anew. */
  all(): readonly ResourceChange[] {
    return resourceKinds.flatMap((kind) =>
      this.entries(kind).flatMap(({ name, version, body }) =>
        body === undefined || version === undefined ? [] : [{ kind, name, version, body }],
      ),
    );
  }
}
