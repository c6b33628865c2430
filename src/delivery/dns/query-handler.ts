/**
 * One query in, at most one answer out.
 *
 *   packet --> may this address ask? --> query --> names of the mesh --> answer
 *                                                       |
 *                                                  not ours --> forwarder --> answer, or back to a name of the mesh
 *
 * Names of the mesh are answered at once; only what is not ours waits. Never throws; never answers a response, so that two
 * servers cannot keep each other busy; never answers with more than the client takes.
 */
import type { AccessList } from './access-list.ts';
import { unmapped } from './addresses.ts';
import type { Forwarded, Forwarder } from './forwarder.ts';
import type { Asker, NameTable } from './name-table.ts';
import { nameBytes } from './names.ts';
import type { DnsObserver, DnsOutcome } from './observer.ts';
import {
  Flag,
  HEADER_BYTES,
  QuestionType,
  Rcode,
  RecordType,
  TCP_BYTES_MAX,
  UDP_BYTES,
  UDP_BYTES_MAX,
} from './protocol.ts';
import { type Query, readQuery } from './query.ts';
import { type Asked, MAX_ALIASES, type Resolution, resolve } from './resolution.ts';
import { refuseUnread } from './response-writer.ts';
import { aged, bareResponse, chainedResponse, localResponse, passedResponse, type Ttls } from './responses.ts';
import { aliasesOf } from './upstream-answer.ts';

export interface QueryHandlerOptions {
  readonly table: NameTable;
  readonly forwarder: Forwarder;
  readonly access: AccessList;
  readonly ttls: () => Ttls;
  /** Seconds, at most, for what an upstream said. */
  readonly ttlCap: number;
  /** Of the workload at an address: what short names and visibility go by. */
  readonly askerAt: (address: string) => Asker;
  /** Clients that wait for an upstream at a time. */
  readonly waiting: number;
  readonly observer: DnsObserver;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
}

export interface Incoming {
  readonly packet: Buffer;
  /** Of the client. */
  readonly address: string;
  readonly transport: 'udp' | 'tcp';
  /** Called once at most. */
  readonly reply: (response: Buffer) => void;
  /** Called in the place of `reply` when there will be no answer. */
  readonly ignore: () => void;
}

/** A query on its way, with what the answer depends on. */
interface Task {
  readonly query: Query;
  readonly asker: Asker;
  /** The most bytes that the client takes. */
  readonly limit: number;
}

interface Verdict {
  readonly outcome: DnsOutcome;
  readonly response: Buffer;
}

export class QueryHandler {
  readonly #options: QueryHandlerOptions;
  #waiting = 0;

  constructor(options: QueryHandlerOptions) {
    this.#options = options;
  }

  /** Whether this client may ask anything at all. */
  allows(address: string): boolean {
    return this.#options.access.allows(address);
  }

  handle(incoming: Incoming): void {
    const { observer, now } = this.#options;
    const started = now();
    const reply = ({ outcome, response }: Verdict): void => {
      observer.handled(outcome, (now() - started) / 1000);
      incoming.reply(response);
    };
    const fail = (error: unknown): void => {
      observer.failed(error);
      reply({ outcome: 'failed', response: refuseUnread(incoming.packet, Rcode.serverFailure) });
    };
    if (!isQuery(incoming.packet)) {
      observer.handled('ignored', 0);
      incoming.ignore();
      return;
    }
    let verdict: Verdict | Promise<Verdict>;
    try {
      verdict = this.#judge(incoming);
    } catch (error) {
      fail(error);
      return;
    }
    if (verdict instanceof Promise) verdict.then(reply, fail).catch((error: unknown) => observer.failed(error));
    else reply(verdict);
  }

  #judge({ packet, address, transport }: Incoming): Verdict | Promise<Verdict> {
    const { access, askerAt, table, ttls } = this.#options;
    if (!access.allows(address)) return { outcome: 'refused', response: refuseUnread(packet, Rcode.refused) };
    const { query, rcode } = readQuery(packet);
    if (query === undefined) {
      return { outcome: outcomeOf(rcode), response: refuseUnread(packet, rcode) };
    }
    const limit = transport === 'tcp' ? TCP_BYTES_MAX : Math.min(UDP_BYTES_MAX, query.udpBytes ?? UDP_BYTES);
    if (rcode !== Rcode.noError) return { outcome: outcomeOf(rcode), response: bareResponse(query, rcode, limit) };
    const task = { query, asker: askerAt(unmapped(address)), limit };
    return this.#settle(task, resolve(table, asked(task, query.name), ttls().ttl));
  }

  #settle(task: Task, resolution: Resolution): Verdict | Promise<Verdict> {
    const { query, limit } = task;
    const { table, ttls } = this.#options;
    const { kind } = resolution.ending;
    if (kind === 'failed') return failure(task);
    if (kind === 'elsewhere' && query.type !== QuestionType.any) return this.#forward(task, resolution);
    const zone = table.suffixOf(resolution.name) ?? resolution.name;
    const response = localResponse(query, resolution, zone, ttls(), limit);
    return { outcome: kind === 'no-data' || kind === 'no-such-name' ? kind : 'answered', response };
  }

  #forward(task: Task, resolution: Resolution): Verdict | Promise<Verdict> {
    const { query, limit } = task;
    if ((query.flags & Flag.recursionDesired) === 0) {
      return { outcome: 'refused', response: bareResponse(query, Rcode.refused, limit) };
    }
    const name = resolution.aliases.length === 0 ? questionName(query) : nameBytes(resolution.name);
    if (this.#waiting >= this.#options.waiting || name === undefined) return failure(task);
    return this.#ask(task, resolution, name);
  }

  async #ask(task: Task, resolution: Resolution, name: Buffer): Promise<Verdict> {
    const { type, dnssecOk, flags } = task.query;
    const question = { name, type, dnssecOk, checkingDisabled: (flags & Flag.checkingDisabled) !== 0 };
    this.#waiting++;
    let forwarded: Forwarded | undefined;
    try {
      forwarded = await this.#options.forwarder.ask(resolution.name, question);
    } finally {
      this.#waiting--;
    }
    return forwarded === undefined ? failure(task) : this.#continue(task, resolution, forwarded);
  }

  /** An upstream knows aliases, but not always where they lead: a name of the mesh at their end is ours to answer. */
  #continue(task: Task, resolution: Resolution, forwarded: Forwarded): Verdict | Promise<Verdict> {
    const { query, asker, limit } = task;
    const { table, ttls, ttlCap } = this.#options;
    const led = query.type === RecordType.cname ? [] : aliasesOf(forwarded.answer, MAX_ALIASES);
    const ours = led.findIndex(({ target }) => table.isOurs(target, asker));
    const target = led[ours]?.target;
    if (target !== undefined && led.slice(0, ours).every((one) => isPlain(one.target))) {
      const passed = led.slice(0, ours + 1).map((one) => ({ ...one, ttl: aged(one.ttl, forwarded.age, ttlCap) }));
      const before = [...resolution.aliases, ...passed];
      return this.#settle(task, resolve(table, asked(task, target), ttls().ttl, before));
    }
    const response =
      resolution.aliases.length === 0
        ? passedResponse(query, forwarded, ttlCap, limit)
        : chainedResponse(query, resolution.aliases, forwarded, ttlCap, limit);
    return { outcome: forwarded.from === 'cache' ? 'cached' : 'forwarded', response };
  }
}

/** Long enough to be answered, and no answer itself. */
function isQuery(packet: Buffer): boolean {
  return packet.length >= HEADER_BYTES && (packet.readUInt16BE(2) & Flag.response) === 0;
}

function asked({ query, asker }: Task, name: string): Asked {
  return { name, asker, wantsAlias: query.type === RecordType.cname };
}

function outcomeOf(rcode: Rcode): DnsOutcome {
  return rcode === Rcode.formatError ? 'malformed' : 'refused';
}

function failure({ query, limit }: Task): Verdict {
  return { outcome: 'failed', response: bareResponse(query, Rcode.serverFailure, limit) };
}

/** Whether the text of a name is all there is to it. */
function isPlain(name: string): boolean {
  return !name.includes('\\');
}

function questionName({ packet, questionEnd }: Query): Buffer {
  return packet.subarray(HEADER_BYTES, questionEnd - 4);
}
