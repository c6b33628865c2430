/**
 * Which of several control planes in a cluster speaks for what all of them heed: the one that is named `default`, or else the
 * first by name of those that are there.
 *
 *   Leases of other revisions --watch--> when each was last renewed, by our own clock --> first | not first
 *
 * It is no lock: while one comes or goes two may speak, or nobody. What they write has an owner each, and is the same soon after.
 */

import { collectionPath } from '../../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { leases } from '../../../kubernetes-api/built-in-collections.ts';
import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import { Reflector } from '../../../kubernetes-api/reflector.ts';
import type { Clock } from '../../../model/clock.ts';
import { managedByLabel, ownManager, revisionLabel } from '../../../model/ownership.ts';

export interface Precedence {
  /** Undefined until it is known who else is there. */
  readonly isFirst: boolean | undefined;
  onChange(listener: () => void): () => void;
}

interface PrecedenceOptions {
  readonly server: ApiServer;
  readonly namespace: string;
  readonly revision: string;
  readonly clock: Clock;
}

/** Who is renewed no more for so long is not there; a restart is over by then. */
const silentMs = 30_000;
/** Who gave its Lease up, likewise: another replica of it takes it at once. */
const releasedMs = 10_000;

export class RevisionPrecedence implements Precedence {
  readonly #options: PrecedenceOptions;
  readonly #reflector: Reflector | undefined;
  readonly #listeners = new Set<() => void>();
  /** Of those that are there: what forgets them. */
  readonly #present = new Map<string, () => void>();
  #isKnown: boolean;
  #wasFirst: boolean | undefined;

  constructor(options: PrecedenceOptions) {
    this.#options = options;
    this.#isKnown = options.revision === 'default';
    this.#wasFirst = this.isFirst;
    // Nobody is before the default.
    if (!this.#isKnown) this.#reflector = this.#follow();
  }

  get isFirst(): boolean | undefined {
    const { revision } = this.#options;
    return this.#isKnown ? ![...this.#present.keys()].some((other) => isBefore(other, revision)) : undefined;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#reflector?.close();
    for (const forget of this.#present.values()) forget();
    this.#listeners.clear();
  }

  #follow(): Reflector {
    const { server, namespace, revision, clock } = this.#options;
    return new Reflector({
      server,
      clock,
      locate: async () => collectionPath(leases, namespace),
      labels: `${managedByLabel}=${ownManager},${revisionLabel},${revisionLabel}!=${revision}`,
      onReplace: (objects) => {
        const there = new Set(objects.map(revisionOf));
        for (const other of [...this.#present.keys()]) if (!there.has(other)) this.#forget(other);
        for (const object of objects) if (isHeld(object)) this.#hear(object);
        this.#know();
      },
      onEvents: (events) => {
        for (const { type, object } of events)
          if (type === 'DELETED') this.#forget(revisionOf(object));
          else this.#hear(object);
        this.#tell();
      },
      onState: ({ state }) => {
        // Without the right to look nobody else is known of: as if we were alone.
        if (state === 'forbidden' || state === 'absent') this.#know();
      },
    });
  }

  #know(): void {
    this.#isKnown = true;
    this.#tell();
  }

  #hear(object: unknown): void {
    const other = revisionOf(object);
    // Given up by one that was not there anyway.
    if (!isHeld(object) && !this.#present.has(other)) return;
    this.#present.get(other)?.();
    const gone = (): void => {
      this.#present.delete(other);
      this.#tell();
    };
    this.#present.set(other, this.#options.clock.after(isHeld(object) ? silentMs : releasedMs, gone));
  }

  #forget(other: string): void {
    this.#present.get(other)?.();
    this.#present.delete(other);
  }

  #tell(): void {
    const { isFirst } = this;
    if (isFirst === this.#wasFirst) return;
    this.#wasFirst = isFirst;
    for (const listener of [...this.#listeners]) listener();
  }
}

function isBefore(a: string, b: string): boolean {
  return b !== 'default' && (a === 'default' || a < b);
}

function revisionOf(lease: unknown): string {
  return textOf(fieldOf(fieldOf(lease, 'metadata'), 'labels'), revisionLabel) ?? '';
}

function isHeld(lease: unknown): boolean {
  return (textOf(fieldOf(lease, 'spec'), 'holderIdentity') ?? '') !== '';
}
