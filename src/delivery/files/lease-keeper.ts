/**
 * Keeps every lease on disk before anybody uses it.
 *
 *   claims, written addresses --> lease book --changes--> journal --durable--> leases table --> mesh
 *                                                            |--cannot be written--> finding, tried again
 *
 * What comes while the disk is busy goes into the next write, so that a thousand new hosts cost one fsync. While the disk
 * cannot be written, what is in the table stays and is served; new hosts wait. What never happens: an address in the table
 * that a restart would not find again.
 */
import type { Collection, Diff, Table } from '../../collections/collection.ts';
import { type Clock, systemClock } from '../../model/clock.ts';
import { messageOf } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { ServiceKey } from '../../model/service.ts';
import type { LeaseChange, LeaseDemand, VirtualIpLease } from '../../model/virtual-ip.ts';
import { journalFindings } from './journal-findings.ts';
import { LeaseJournal, leaseFile } from './lease-journal.ts';
import type { StateFolder } from './state-folder.ts';

/** The book that decides; `VirtualIps` of the mesh. */
export interface LeaseBook {
  update(demand: LeaseDemand, now: number): readonly LeaseChange[];
  nextChance(now: number): number | undefined;
  findings(): readonly Finding[];
}

/** An address or CIDR that users wrote, and the hosts they wrote it for. */
export interface WrittenAddress {
  readonly address: string;
  readonly services: readonly ServiceKey[];
}

export interface LeaseKeeperOptions {
  readonly folder: StateFolder;
  /** Makes the book from the leases of the last run. */
  readonly createBook: (leases: Iterable<VirtualIpLease>) => LeaseBook;
  readonly leases: Table<VirtualIpLease>;
  readonly batch: (change: () => void) => void;
  readonly clock?: Clock;
  /** From 0 to 1, to spread retries. */
  readonly random?: () => number;
}

const firstRetryMs = 100;
const longestRetryMs = 30_000;

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #clock: Clock;
  readonly #journal: LeaseJournal;
  #book: LeaseBook;
  #claims = new Map<ServiceKey, boolean>();
  #written = new Map<string, readonly ServiceKey[]>();
  /** Decided, and not yet durable. */
  #undurable: LeaseChange[] = [];
  #failure: string | undefined;
  #retryMs = firstRetryMs;
  #running: Promise<void> | undefined;
  #cancelTimer: () => void = () => {};
  #isClosed = false;

  private constructor(options: LeaseKeeperOptions, journal: LeaseJournal) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#journal = journal;
    this.#book = options.createBook(journal.leases().values());
  }

  /** Reads the leases of the last run and shows them. Throws STATE where they cannot be read. */
  static async open(options: LeaseKeeperOptions): Promise<LeaseKeeper> {
    const journal = await LeaseJournal.open(options.folder);
    options.batch(() => {
      for (const lease of journal.leases().values()) options.leases.set(lease);
      options.leases.setState('live');
    });
    return new LeaseKeeper(options, journal);
  }

  /** Hosts that want an address, by service key: a sink for that collection. */
  readonly acceptClaims = (diff: Diff<{ readonly key: ServiceKey }>): void => {
    for (const { before, after } of diff) {
      const claim = after ?? before;
      if (claim !== undefined) this.#claims.set(claim.key, after !== undefined);
    }
    this.#wake();
  };

  /** Addresses that users wrote, by address: a sink for that collection. */
  readonly acceptWritten = (diff: Diff<WrittenAddress>): void => {
    for (const { before, after } of diff) {
      const written = after ?? before;
      if (written !== undefined) this.#written.set(written.address, after?.services ?? []);
    }
    this.#wake();
  };

  /** To be called once all sources are live: leases of the last run that nobody claims become tombstones. */
  releaseUnclaimed(claims: Collection<{ readonly key: ServiceKey }>): void {
    for (const { key, state } of this.#options.leases.values()) {
      if (state === 'bound' && !claims.has(key)) this.#claims.set(key, false);
    }
    this.#wake();
  }

  /**
   * Decides by another book from now on, which is made from the leases of now. Whoever tells of claims and written
   * addresses is to stop before, and to tell of all of them after it.
   */
  async changeBook(createBook: (leases: Iterable<VirtualIpLease>) => LeaseBook): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    this.#claims = new Map();
    this.#written = new Map();
    // What is not durable yet is in the journal's memory: the book knows of it, and it is shown with the next write.
    this.#book = createBook(this.#journal.leases().values());
  }

  /** What users should know: of the state folder, and of addresses. */
  findings(): readonly Finding[] {
    const { damage, torn } = this.#journal;
    const { path: folder } = this.#options.folder;
    const state = { folder, fileName: leaseFile, failure: this.#failure, damage, torn };
    return [...journalFindings(state), ...this.#book.findings()];
  }

  /** Resolves when all that came so far is durable and shown, or cannot be made so at present. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Ends the work under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    await this.settled();
  }

  #wake(): void {
    if (this.#isClosed || this.#running !== undefined) return;
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
      if (this.#hasDemand && this.#failure === undefined) this.#wake();
    });
  }

  get #hasDemand(): boolean {
    return this.#claims.size > 0 || this.#written.size > 0;
  }

  async #work(): Promise<void> {
    // Both sinks of one batch have spoken when the next microtask runs.
    await Promise.resolve();
    const demand = { claims: this.#claims, written: this.#written };
    this.#claims = new Map();
    this.#written = new Map();
    for (const change of this.#book.update(demand, this.#clock.now())) this.#undurable.push(change);
    const changes = this.#undurable;
    if (await this.#save(changes)) {
      this.#undurable = [];
      this.#show(changes);
    }
    this.#setTimer();
  }

  async #save(changes: readonly LeaseChange[]): Promise<boolean> {
    try {
      if (changes.length > 0) await this.#journal.append(changes);
      this.#failure = undefined;
      this.#retryMs = firstRetryMs;
      return true;
    } catch (error) {
      this.#failure = messageOf(error);
      this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
      return false;
    }
  }

  #show(changes: readonly LeaseChange[]): void {
    const { batch, leases } = this.#options;
    if (changes.length === 0) return;
    batch(() => {
      for (const { key, lease } of changes) {
        if (lease === undefined) leases.delete(key);
        else leases.set(lease);
      }
    });
  }

  /** For what time alone may mend: the disk, and a quarantine that ends. */
  #setTimer(): void {
    this.#cancelTimer();
    if (this.#isClosed) return;
    const now = this.#clock.now();
    const chance = this.#book.nextChance(now);
    const jitter = 0.5 + (this.#options.random ?? Math.random)() / 2;
    const waits = [
      ...(this.#failure === undefined ? [] : [this.#retryMs * jitter]),
      ...(chance === undefined ? [] : [Math.min(chance - now, 2 ** 31 - 1)]),
    ];
    if (waits.length > 0) this.#cancelTimer = this.#clock.after(Math.min(...waits), () => this.#wake());
  }
}
