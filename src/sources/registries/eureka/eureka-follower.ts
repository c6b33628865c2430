/**
 * What is known of a registry, from poll to poll and from server to server.
 *
 *   readAll    --> a table, beside the one before                            at the start, after a break, and now and then
 *   readDelta  --> changes of the table; counts that differ: readAll         otherwise
 */
import {
  type ApplicationsReader,
  type Delta,
  maxKeptBytes,
  nothingUnread,
  type Unread,
} from './applications-reader.ts';
import type { EurekaOptions } from './eureka-options.ts';
import type { InstanceRecord } from './instance-record.ts';
import { type InstanceTable, keyOf } from './instance-table.ts';
import { WarmUp } from './warm-up.ts';

export interface PollResult {
  readonly table: InstanceTable;
  /** Names of services. */
  readonly changed: ReadonlySet<string>;
  /** Whether everything was read. */
  readonly isFull: boolean;
  /** Why what is not there may exist all the same; undefined where it does not. */
  readonly doubt: string | undefined;
  /** Instances that are not taken. */
  readonly unread: Unread;
}

export class EurekaFollower {
  readonly #options: EurekaOptions;
  readonly #warmUp: WarmUp;
  #table: InstanceTable | undefined;
  /** Services of the table that changed, of which nothing was said yet: a read that had to follow may have failed. */
  readonly #unsaid = new Set<string>();
  #fullDue = 0;
  #version = 0;
  #isInconsistent = false;
  #unread = nothingUnread;
  /** The server that was heard before the present one. */
  #predecessor: string | undefined;
  #host: string | undefined;

  constructor(options: EurekaOptions) {
    this.#options = options;
    this.#warmUp = new WarmUp(options.warmUpMs);
  }

  /** Before the first poll of a connection. `host`: for messages. */
  begin(host: string): void {
    if (this.#host !== undefined && this.#host !== host) {
      this.#warmUp.change();
      this.#predecessor = this.#host;
    }
    this.#host = host;
    this.interrupt();
  }

  /** A poll failed: what comes next may come from a server that forgot everything. */
  interrupt(): void {
    this.#warmUp.interrupt();
    this.#fullDue = 0;
    this.#version = 0;
  }

  /** Rejects with UNAVAILABLE. */
  async poll(reader: ApplicationsReader): Promise<PollResult> {
    const table = this.#table;
    if (table === undefined || performance.now() >= this.#fullDue) return this.#readAll(reader);
    const delta = await reader.readDelta(table);
    if (delta === undefined) return this.#readAll(reader);
    if (delta.version < this.#version) {
      // Another server behind one address, or the same with another life.
      this.#warmUp.change();
      this.interrupt();
      return this.#readAll(reader);
    }
    this.#version = delta.version;
    for (const name of this.#apply(table, delta)) this.#unsaid.add(name);
    // What a delta lacks, for it was lost or is older than its window, a full read has.
    if (!table.isCountedAs(delta.hash, this.#unread.count) || table.bytes > maxKeptBytes) return this.#readAll(reader);
    this.#warmUp.noteAnswer(delta.now);
    return this.#told(table, false);
  }

  /** Of each instance the newest change: what came before it would come and go with each delta. */
  #apply(table: InstanceTable, { records }: Delta): readonly string[] {
    const newest = new Map<string, InstanceRecord>();
    for (const record of records) {
      const key = keyOf(record);
      if (record.updatedAt >= (newest.get(key)?.updatedAt ?? 0)) newest.set(key, record);
    }
    return [...newest].flatMap(([key, record]) => {
      if (record.isDeleted) this.#warmUp.noteGone(key, record.updatedAt);
      else this.#warmUp.noteFound(key);
      return table.apply(record);
    });
  }

  async #readAll(reader: ApplicationsReader): Promise<PollResult> {
    const before = this.#table;
    // An instance may change while the server writes its list.
    const first = await reader.readAll(before);
    const read = first.isConsistent ? first : await reader.readAll(before);
    const { table } = read;
    this.#warmUp.noteList(read, before);
    this.#warmUp.noteAnswer(read.now);
    this.#isInconsistent = !read.isConsistent;
    this.#unread = read.unread;
    this.#table = table;
    this.#fullDue = performance.now() + this.#options.fullReadMs;
    const differing = before === undefined ? table.services.map(({ name }) => name) : table.changesSince(before);
    for (const name of differing) this.#unsaid.add(name);
    return this.#told(table, true);
  }

  #told(table: InstanceTable, isFull: boolean): PollResult {
    const changed = new Set(this.#unsaid);
    this.#unsaid.clear();
    return { table, changed, isFull, doubt: this.#doubt(), unread: this.#unread };
  }

  /** The same as long as nothing changes: who reads it is told of each change. */
  #doubt(): string | undefined {
    if (this.#isInconsistent) return `${this.#host}: the server lists others than it counts`;
    if (this.#warmUp.isTrusted) return undefined;
    return this.#predecessor === undefined
      ? `${this.#host}: the server may have started a moment ago, and not know everything yet`
      : `${this.#host}: the server took over from ${this.#predecessor}, and may not know everything yet`;
  }
}
