/**
 * Leases on disk: an append-only file, rewritten whole when most of it is out of date.
 *
 *   append(changes) -> one write, one fsync -> resolved: the changes survive a kill and a power failure
 *
 * A record that was torn by a crash is at the end and was never promised to anybody; damage elsewhere is set aside and what
 * can still be read stays. What never happens: a promise before the bytes are on disk, and a file that holds half of a
 * rewrite.
 */

import { IsthmusError, messageOf } from '../../model/errors.ts';
import type { ServiceKey } from '../../model/service.ts';
import type { LeaseChange, VirtualIpLease } from '../../model/virtual-ip.ts';
import { decodeJournal, encodeChanges, encodeJournal } from './lease-records.ts';
import type { StateFolder } from './state-folder.ts';

const fileName = 'leases.journal';
/** A rewrite pays when the file has more than twice the records it needs, and some more. */
const spareRecords = 1000;

/** What was found damaged when the journal was opened. */
export interface JournalDamage {
  readonly lines: number;
  /** The name under which the damaged file was kept; undefined where the folder could not be written. */
  readonly copy: string | undefined;
}

export class LeaseJournal {
  readonly #folder: StateFolder;
  readonly #leases: Map<ServiceKey, VirtualIpLease>;
  readonly damage: JournalDamage | undefined;
  #length: number;
  #records: number;
  /** Set when nobody knows what the file holds behind the length: the next write is a rewrite. */
  #needsRewrite: boolean;

  private constructor(folder: StateFolder, state: JournalState) {
    this.#folder = folder;
    this.#leases = new Map(state.leases);
    this.#length = state.length;
    this.#records = state.records;
    this.#needsRewrite = state.needsRewrite;
    this.damage = state.damage;
  }

  /**
   * Reads what there is. Throws STATE if another process holds the folder, or if there is a journal that cannot be read:
   * to start without it would move every address. A folder that cannot be written is no error yet.
   */
  static async open(folder: StateFolder): Promise<LeaseJournal> {
    await folder.lock().catch((error: unknown) => {
      if (error instanceof IsthmusError) throw error;
    });
    const bytes = await folder.read(fileName).catch((error: unknown) => {
      throw new IsthmusError('STATE', `the leases in ${folder.path} cannot be read: ${messageOf(error)}`, {
        cause: error,
      });
    });
    if (bytes === undefined || bytes.length === 0) return new LeaseJournal(folder, emptyState);
    const { leases, records, length, damaged } = decodeJournal(bytes);
    if (damaged === 0) {
      return new LeaseJournal(folder, { leases, records, length, needsRewrite: length === 0, damage: undefined });
    }
    // First the copy, then the rewrite in one step: a crash in between leaves the file as it was.
    const copy = await folder.keepCopy(fileName).catch(() => undefined);
    return new LeaseJournal(folder, { leases, records, length, needsRewrite: true, damage: { lines: damaged, copy } });
  }

  leases(): ReadonlyMap<ServiceKey, VirtualIpLease> {
    return this.#leases;
  }

  /** Resolves when the changes are durable. After a rejection they may be or not; the next append brings the file in order. */
  async append(changes: readonly LeaseChange[]): Promise<void> {
    await this.#folder.lock();
    for (const { key, lease } of changes) {
      if (lease === undefined) this.#leases.delete(key);
      else this.#leases.set(key, lease);
    }
    if (this.#needsRewrite || this.#records + changes.length > 2 * this.#leases.size + spareRecords) {
      await this.#rewrite();
      return;
    }
    const bytes = encodeChanges(changes);
    this.#needsRewrite = true;
    await this.#folder.write(fileName, bytes, this.#length);
    this.#needsRewrite = false;
    this.#length += bytes.length;
    this.#records += changes.length;
  }

  close(): void {
    this.#folder.release();
  }

  async #rewrite(): Promise<void> {
    this.#needsRewrite = true;
    const bytes = encodeJournal(this.#leases.values());
    await this.#folder.replace(fileName, bytes);
    this.#needsRewrite = false;
    this.#length = bytes.length;
    this.#records = this.#leases.size;
  }
}

interface JournalState {
  readonly leases: ReadonlyMap<ServiceKey, VirtualIpLease>;
  readonly records: number;
  readonly length: number;
  readonly needsRewrite: boolean;
  readonly damage: JournalDamage | undefined;
}

const emptyState: JournalState = { leases: new Map(), records: 0, length: 0, needsRewrite: true, damage: undefined };
