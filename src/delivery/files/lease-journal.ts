/** Leases on disk, one journal for all. */
import type { Finding } from '../../model/finding.ts';
import type { LeaseChange, VirtualIpLease } from '../../model/virtual-ip.ts';
import type { LeaseStore } from '../lease-store.ts';
import { journalFindings } from './journal-findings.ts';
import { leaseFormat } from './lease-records.ts';
import { RecordJournal } from './record-journal.ts';
import type { StateFolder } from './state-folder.ts';

const leaseFile = 'leases.journal';

export class LeaseJournal implements LeaseStore {
  readonly #folder: StateFolder;
  readonly #journal: RecordJournal<VirtualIpLease>;

  private constructor(folder: StateFolder, journal: RecordJournal<VirtualIpLease>) {
    this.#folder = folder;
    this.#journal = journal;
  }

  /**
   * Reads what there is. Throws STATE if there is a journal that cannot be read: to start without it would move every
   * address. A folder that cannot be written is no error yet.
   */
  static async open(folder: StateFolder): Promise<LeaseJournal> {
    return new LeaseJournal(folder, await RecordJournal.open(folder, leaseFile, leaseFormat));
  }

  /** By service key. */
  leases(): ReadonlyMap<string, VirtualIpLease> {
    return this.#journal.records;
  }

  isOurs(): boolean {
    return true;
  }

  /** Resolves when the changes are durable. After a rejection they may be or not; the next append brings the file in order. */
  async append(changes: readonly LeaseChange[]): Promise<void> {
    await this.#journal.append(changes.map(({ key, lease }) => ({ key, record: lease })));
  }

  findings(failure: string | undefined): readonly Finding[] {
    const { damage, torn } = this.#journal;
    return journalFindings({ folder: this.#folder.path, fileName: leaseFile, failure, damage, torn });
  }
}
