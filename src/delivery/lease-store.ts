/** Where leases are kept, so that they outlive who gives them: see LeaseKeeper. */
import type { Finding } from '../model/finding.ts';
import type { ServiceKey } from '../model/service.ts';
import type { LeaseChange, VirtualIpLease } from '../model/virtual-ip.ts';

export interface LeaseStore {
  /** By service key: what is kept, and what is on its way there. */
  leases(): ReadonlyMap<string, VirtualIpLease>;
  /** Whether a host's lease is ours to give up: others may have written it. */
  isOurs(key: ServiceKey): boolean;
  /**
   * Resolves when the changes are durable. After a rejection each of them may be or not; the same changes may be given again.
   * Rejects with LeasesMoved where they cannot be, because something else is kept than whoever decided them knows of.
   */
  append(changes: readonly LeaseChange[]): Promise<void>;
  /** What users should know of it. `failure`: why the last changes could not be kept. */
  findings(failure: string | undefined): readonly Finding[];
}

/** What a place that others change too tells of. */
export interface LeaseEvents {
  /** Other leases are kept than were decided here. */
  readonly onMoved: () => void;
  /** Leases of hosts that are there are to be written again. */
  readonly onLost: (changes: readonly LeaseChange[]) => void;
}

/** What was decided does not fit what is kept: it has to be decided anew. */
export class LeasesMoved extends Error {
  override readonly name = 'LeasesMoved';
}
