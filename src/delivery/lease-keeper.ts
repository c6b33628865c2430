/**
 * Keeps every lease where it outlives the program before anybody uses it.
 *
 *   claims, written addresses --> lease book --changes--> store --durable--> leases table --> mesh
 *                                    ^                      |--cannot be written--> finding, tried again
 *                                    `--- another book <----'--something else is kept
 *
 * What comes while the store is busy goes into the next write, so that a thousand new hosts cost one fsync. While it cannot be
 * written, what is in the table stays and is served; new hosts wait. What never happens: an address in the table that a
 * restart would not find again.
 */
import type { Collection, Diff, Table } from '../collections/collection.ts';
import { pauseAfter } from '../model/back-off.ts';
import { type Clock, systemClock } from '../model/clock.ts';
import { messageOf } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { ServiceKey } from '../model/service.ts';
import type { LeaseChange, LeaseDemand, VirtualIpLease } from '../model/virtual-ip.ts';
import { type LeaseStore, LeasesMoved } from './lease-store.ts';

/** The book that decides; `VirtualIps` of the mesh. */
export interface LeaseBook {
  update(demand: LeaseDemand, now: number): readonly LeaseChange[];
  nextChance(now: number): number | undefined;
  /** Hosts for whom there is no address, or not one of each family. */
  waiting(): Iterable<ServiceKey>;
  findings(): readonly Finding[];
}

/** An address or CIDR that users wrote, and the hosts they wrote it for. */
export interface WrittenAddress {
  readonly address: string;
  readonly services: readonly ServiceKey[];
}

export interface LeaseKeeperOptions {
  readonly store: LeaseStore;
  /** Makes the book from the leases of the last run. */
  readonly createBook: (leases: Iterable<VirtualIpLease>) => LeaseBook;
  readonly leases: Table<VirtualIpLease>;
  /** Filled with the hosts that wait, as far as the book that decides knows. */
  readonly addressless: Table<ServiceKey>;
  readonly batch: (change: () => void) => void;
  /** Told when the book is out of date: `changeBook` is to be called, outside of this call. */
  readonly onOutdated?: () => void;
  readonly clock?: Clock;
  /** From 0 to 1, to spread retries. */
  readonly random?: () => number;
}

const retryPauses = { firstMs: 100, longestMs: 30_000 };

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #clock: Clock;
  #book: LeaseBook;
  #claims = new Map<ServiceKey, boolean>();
  #written = new Map<string, readonly ServiceKey[]>();
  /** Decided, and not yet durable. */
  #undurable: LeaseChange[] = [];
  #failure: string | undefined;
  /** Since what is kept could be written. */
  #failures = 0;
  /** The store holds something else than the book knows of. */
  #isOutdated = false;
  #running: Promise<void> | undefined;
  #cancelTimer: () => void = () => {};
  #isClosed = false;

  /** Shows the leases of the last run. */
  constructor(options: LeaseKeeperOptions) {
    const { store, batch, leases, createBook } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#book = createBook(store.leases().values());
    batch(() => {
      for (const lease of store.leases().values()) leases.set(lease);
      leases.setState('live');
    });
  }

  /** Hosts that want an address, by service key: a sink for that collection. */
  readonly acceptClaims = (diff: Diff<{ readonly key: ServiceKey }>): void => {
    for (const { before, after } of diff) {
      const claim = after ?? before;
      if (claim !== undefined) this.#note(claim.key, after !== undefined);
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
      if (state === 'bound' && !claims.has(key)) this.#note(key, false);
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
    if (this.#isOutdated) {
      // It is decided anew.
      this.#undurable = [];
      this.#failure = undefined;
      this.#isOutdated = false;
    }
    // What is not durable yet is in the store's memory: the book knows of it, and it is shown with the next write.
    this.#book = createBook(this.#options.store.leases().values());
  }

  /** Writes what the book knows already, and the store has lost. */
  restore(changes: readonly LeaseChange[]): void {
    this.#undurable.push(...changes);
    this.#wake();
  }

  /** The book is not to be gone by any more: somebody else decides, or decided. `changeBook` begins anew. */
  outdate(): void {
    const { batch, addressless } = this.#options;
    this.#isOutdated = true;
    batch(() => {
      for (const key of [...addressless.values()]) addressless.delete(key);
    });
  }

  /** What users should know: of where leases are kept, and of addresses. */
  findings(): readonly Finding[] {
    return [...this.#options.store.findings(this.#failure), ...this.#book.findings()];
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

  /** A lease that others wrote is not given up with its host. */
  #note(key: ServiceKey, isWanted: boolean): void {
    if (isWanted || this.#options.store.isOurs(key)) this.#claims.set(key, isWanted);
    else this.#claims.delete(key);
  }

  #wake(): void {
    if (this.#isClosed || this.#isOutdated || this.#running !== undefined) return;
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
      if (this.#hasDemand && this.#failure === undefined) this.#wake();
    });
  }

  get #hasDemand(): boolean {
    return this.#claims.size > 0 || this.#written.size > 0 || this.#undurable.length > 0;
  }

  async #work(): Promise<void> {
    // Both sinks of one batch have spoken when the next microtask runs.
    await Promise.resolve();
    const demand = { claims: this.#claims, written: this.#written };
    this.#claims = new Map();
    this.#written = new Map();
    for (const change of this.#book.update(demand, this.#clock.now())) this.#undurable.push(change);
    // What is to be restored may come while the store is busy.
    const changes = this.#undurable;
    this.#undurable = [];
    if (await this.#save(changes)) this.#show(changes);
    else this.#undurable = [...changes, ...this.#undurable];
    this.#setTimer();
  }

  async #save(changes: readonly LeaseChange[]): Promise<boolean> {
    try {
      if (changes.length > 0) await this.#options.store.append(changes);
      this.#failure = undefined;
      this.#failures = 0;
      return true;
    } catch (error) {
      this.#failure = messageOf(error);
      if (error instanceof LeasesMoved) this.#tellOutdated();
      this.#failures++;
      return false;
    }
  }

  /** At once, the first time; what does not help is not done again and again. */
  #tellOutdated(): void {
    const { onOutdated = () => {} } = this.#options;
    this.#isOutdated = true;
    if (this.#failures === 0) onOutdated();
    else this.#clock.after(pauseAfter(this.#failures, retryPauses), onOutdated);
  }

  #show(changes: readonly LeaseChange[]): void {
    const { batch, leases, addressless } = this.#options;
    const waiting = new Set(this.#book.waiting());
    if (changes.length === 0 && waiting.size === 0 && addressless.size === 0) return;
    batch(() => {
      for (const key of [...addressless.values()]) if (!waiting.has(key)) addressless.delete(key);
      for (const key of waiting) addressless.set(key);
      for (const { key, lease } of changes) {
        if (lease === undefined) leases.delete(key);
        else leases.set(lease);
      }
    });
  }

  /** For what time alone may mend: the store, and a quarantine that ends. */
  #setTimer(): void {
    this.#cancelTimer();
    if (this.#isClosed || this.#isOutdated) return;
    const now = this.#clock.now();
    const chance = this.#book.nextChance(now);
    const jitter = 0.5 + (this.#options.random ?? Math.random)() / 2;
    const waits = [
      ...(this.#failure === undefined ? [] : [pauseAfter(this.#failures, retryPauses) * jitter]),
      ...(chance === undefined ? [] : [Math.min(chance - now, 2 ** 31 - 1)]),
    ];
    if (waits.length > 0) this.#cancelTimer = this.#clock.after(Math.min(...waits), () => this.#wake());
  }
}
