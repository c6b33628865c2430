/** Reads of one server: all applications, or what changed of them in the last three minutes. */
import { IsthmusError } from '../../../model/errors.ts';
import { ApplicationsScanner, type ListHead } from './applications-scanner.ts';
import { type InstanceRecord, readInstance } from './instance-record.ts';
import { bytesOf, InstanceTable, type TableOptions } from './instance-table.ts';
import type { Limits, ServerConnection } from './server-connection.ts';
import type { FullList } from './warm-up.ts';

export interface FullRead extends FullList {
  /** Whether the server counts as many instances as it lists. */
  readonly isConsistent: boolean;
  readonly unread: Unread;
}

/** Instances that the server counts, and that can be read as none. */
export interface Unread {
  readonly count: number;
  /** Applications of the first ones, as far as they are known. */
  readonly applications: readonly string[];
}

export const nothingUnread: Unread = { count: 0, applications: [] };

export interface Delta {
  /** In the server's order. */
  readonly records: readonly InstanceRecord[];
  readonly hash: string;
  readonly version: number;
  /** The server's clock. */
  readonly now: number;
}

const fullLimits: Limits = { idleMs: 15_000, totalMs: 120_000 };
const deltaLimits: Limits = { idleMs: 5_000, totalMs: 30_000 };
/** An attacker's bound, not a user's. */
const maxInstances = 500_000;
/** Applications that are named. */
const examples = 3;
const maxDeltaRecords = 100_000;
/** Of the heap, for a list or a delta; a hundred thousand instances with rich metadata are half of it. */
export const maxKeptBytes = 384 << 20;

/** Where `/apps` may stand: Spring Cloud's place, and Netflix'. */
const usualPaths = ['/eureka', '/eureka/v2'];

export class ApplicationsReader {
  readonly #connection: ServerConnection;
  readonly #options: TableOptions;
  #path: string | undefined;

  /** `path`: where `/apps` stands; the address's own when undefined, or whichever of the usual ones is there. */
  constructor(connection: ServerConnection, path: string | undefined, options: TableOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#path = path ?? (connection.path === '' ? undefined : connection.path);
  }

  /** `before`: what does not change is kept. Rejects with UNAVAILABLE. */
  async readAll(before: InstanceTable | undefined): Promise<FullRead> {
    for (const path of this.#path === undefined ? usualPaths : [this.#path]) {
      const read = await this.#readAll(path, before);
      if (read === undefined) continue;
      this.#path = path;
      return read;
    }
    const tried = (this.#path === undefined ? usualPaths : [this.#path]).map((path) => `${path}/apps`).join(', ');
    throw this.#connection.error(`the server knows no ${tried}: options.path may name another`);
  }

  /**
   * Without what `table` knows. Undefined where the server has no deltas, or does not say what it counts. To be called after
   * readAll.
   */
  async readDelta(table: InstanceTable): Promise<Delta | undefined> {
    const records: InstanceRecord[] = [];
    let bytes = 0;
    const { status, now, head } = await this.#get(`${this.#path ?? ''}/apps/delta`, deltaLimits, (record) => {
      if (table.knows(record)) return;
      bytes += bytesOf(record);
      if (bytes > maxKeptBytes) throw tooLarge();
      if (records.push(record) > maxDeltaRecords) throw tooMany(maxDeltaRecords);
    });
    if (status === 403 || status === 404 || (status === 200 && head?.hash === undefined)) return undefined;
    if (head?.hash === undefined) throw this.#refusal(status);
    return { records, hash: head.hash, version: head.version, now };
  }

  /** Undefined where there is no such place. */
  async #readAll(path: string, before: InstanceTable | undefined): Promise<FullRead | undefined> {
    const table = new InstanceTable(this.#options);
    let oldestRegistration = Infinity;
    const { status, now, head, unread } = await this.#get(`${path}/apps`, fullLimits, (record) => {
      table.put(record, before);
      if (record.registeredAt > 0) oldestRegistration = Math.min(oldestRegistration, record.registeredAt);
      if (table.size > maxInstances) throw tooMany(maxInstances);
      if (table.bytes > maxKeptBytes) throw tooLarge();
    });
    if (status === 404) return undefined;
    if (status !== 200) throw this.#refusal(status);
    if (head === undefined) throw this.#connection.error('the server answers no list of applications');
    const isConsistent = head.hash === undefined || table.isCountedAs(head.hash, unread.count);
    return { table, oldestRegistration, now, isConsistent, unread };
  }

  async #get(path: string, limits: Limits, take: (record: InstanceRecord) => void): Promise<Got> {
    let head: ListHead | undefined;
    const unread = { count: 0, applications: new Set<string>() };
    const skip = (application = ''): void => {
      unread.count++;
      if (application !== '' && unread.applications.size < examples) unread.applications.add(application);
    };
    const scanner = new ApplicationsScanner((text, application) => {
      const record = recordIn(text, application);
      // Who has no name is nobody's instance.
      if (record !== undefined && record.application !== '' && record.id !== '') take(record);
      else skip(application);
    }, skip);
    const { status, now } = await this.#connection.get(path, limits, {
      chunk: (chunk) => scanner.write(chunk),
      end: () => {
        head = scanner.end();
      },
    });
    return { status, now, head, unread: { count: unread.count, applications: [...unread.applications] } };
  }

  #refusal(status: number): IsthmusError {
    const why = reasons[status] ?? '';
    return this.#connection.error(`the server answers ${status}${why}`);
  }
}

interface Got {
  readonly status: number;
  readonly now: number;
  readonly head: ListHead | undefined;
  readonly unread: Unread;
}

/** Undefined for what is no JSON, whatever brackets it has. */
function recordIn(text: string, application: string | undefined): InstanceRecord | undefined {
  try {
    return readInstance(text, application);
  } catch {
    return undefined;
  }
}

const reasons: Readonly<Record<number, string>> = {
  401: ': it wants other credentials',
  403: ': it waits for its peers after its start, or wants other credentials',
};

function tooLarge(): IsthmusError {
  return new IsthmusError('UNAVAILABLE', `an answer takes more than ${maxKeptBytes} bytes to keep`);
}

function tooMany(most: number): IsthmusError {
  return new IsthmusError('UNAVAILABLE', `an answer has more than ${most} instances`);
}
