/** Leases on disk. */
import type { LeaseChange, VirtualIpLease } from '../../model/virtual-ip.ts';
import { leaseFormat } from './lease-records.ts';
import { type JournalDamage, RecordJournal, type TornJournal } from './record-journal.ts';
import type { StateFolder } from './state-folder.ts';

export const leaseFile = 'leases.journal';

export class LeaseJournal {
  readonly #journal: RecordJournal<VirtualIpLease>;

  private constructor(journal: RecordJournal<VirtualIpLease>) {
    this.#journal = journal;
  }

  /**
   * Reads what there is. Throws STATE if there is a journal that cannot be read: to start without it would move every
   * address. A folder that cannot be written is no error yet.
   */
  static async open(folder: StateFolder): Promise<LeaseJournal> {
    return new LeaseJournal(await RecordJournal.open(folder, leaseFile, leaseFormat));
  }

  get damage(): JournalDamage | undefined {
    return this.#journal.damage;
  }

  get torn(): TornJournal | undefined {
    return this.#journal.torn;
  }

  /** By service key. */
  leases(): ReadonlyMap<string, VirtualIpLease> {
    return this.#journal.records;
  }

  /** Resolves when the changes are durable. After a rejection they may be or not; the next append brings the file in order. */
  async append(changes: readonly LeaseChange[]): Promise<void> {
    await this.#journal.append(changes.map(({ key, lease }) => ({ key, record: lease })));
  }
}
