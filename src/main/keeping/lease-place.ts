/** Where leases are kept, and who decides about them: a control plane with a state folder for itself, or one of several. */
import { LeaseJournal } from '../../delivery/files/lease-journal.ts';
import type { StateFolder } from '../../delivery/files/state-folder.ts';
import type { Writership } from '../../delivery/kubernetes/replicas/writership.ts';
import type { LeaseEvents, LeaseStore } from '../../delivery/lease-store.ts';
import type { Finding } from '../../model/finding.ts';
import type { ServiceKey } from '../../model/service.ts';
import type { LeaseChange } from '../../model/virtual-ip.ts';
import type { Pipeline } from '../pipeline.ts';

export interface KeptLeases extends LeaseStore {
  /** Addresses that nobody may be given, beside those of leases, and for whom they are. */
  reserved(): ReadonlyMap<string, readonly ServiceKey[]>;
  /** Leases that are in force and not kept. */
  lost(): readonly LeaseChange[];
  close(): Promise<void>;
}

export interface LeasePlace {
  /** Others change what is kept as well: what was decided here and is not kept yet is decided anew where anything changes. */
  readonly isShared: boolean;
  readonly writership: Writership;
  /** How long whoever does not decide waits for hosts without an address before it serves. */
  readonly waitMs: number;
  /** Whether addresses of hosts that are gone may be given away. Absent: they may. */
  readonly mayReuse?: () => boolean;
  /** Throws STATE where what is kept cannot be read. */
  open(pipeline: Pipeline, events: LeaseEvents): Promise<KeptLeases>;
  /** What users should know of who decides, given how many hosts wait. */
  waiting(hosts: readonly ServiceKey[]): readonly Finding[];
}

/** Nobody else has the folder. */
export function leasesInFolder(folder: StateFolder): LeasePlace {
  return {
    isShared: false,
    writership: { isWriter: true, onChange: () => () => {} },
    waitMs: 0,
    open: async () => {
      const journal = await LeaseJournal.open(folder);
      return {
        leases: () => journal.leases(),
        isOurs: () => journal.isOurs(),
        append: (changes) => journal.append(changes),
        findings: (failure) => journal.findings(failure),
        reserved: () => new Map(),
        lost: () => [],
        close: async () => {},
      };
    },
    waiting: () => [],
  };
}
