/** The few messages of ZooKeeper's protocol that a reader needs. */
import { bool, bytes, int, JuteReader, long, text } from './jute.ts';

export const Operation = { exists: 3, data: 4, children: 12, sync: 9, ping: 11, auth: 100, close: -11 } as const;

/** Of messages that answer no request, or that nobody waits for. */
export const Xid = { event: -1, ping: -2, auth: -4 } as const;

export const Status = {
  ok: 0,
  noNode: -101,
  noAuth: -102,
  sessionExpired: -112,
  authFailed: -115,
  saslRequired: -124,
} as const;

export interface Greeting {
  /** Of the newest change that we have seen: a server that has not seen it refuses. */
  readonly zxid: bigint;
  /** What is asked for; the server has bounds of its own. */
  readonly timeoutMs: number;
}

/** For a session of its own: there is nothing of an earlier one that would have to live on. */
export function connectRequest({ zxid, timeoutMs }: Greeting): Buffer {
  return Buffer.concat([int(0), long(zxid), int(timeoutMs), long(0n), bytes(Buffer.alloc(16)), bool(false)]);
}

/** Gives the session's timeout in milliseconds; 0 where there is none. */
export function readConnectResponse(message: Buffer): number {
  return new JuteReader(message).skip(4).int();
}

export function request(xid: number, operation: number, ...body: readonly Buffer[]): Buffer {
  return Buffer.concat([int(xid), int(operation), ...body]);
}

export function digest(username: string, password: string): Buffer {
  return Buffer.concat([int(0), text('digest'), text(`${username}:${password}`)]);
}

export interface Reply {
  readonly xid: number;
  /** Of the newest change that the server has seen. */
  readonly zxid: bigint;
  readonly status: number;
  readonly body: JuteReader;
}

export function readReply(message: Buffer): Reply {
  const body = new JuteReader(message);
  return { xid: body.int(), zxid: body.long(), status: body.int(), body };
}

/** Gives the path; empty where the event is about the session. */
export function readEvent(body: JuteReader): string {
  return body.skip(8).text();
}

/** Which changes a node saw last. */
export interface NodeVersions {
  /** Of the change that wrote its data. */
  readonly data: bigint;
  /** Of the change that added or removed a child. */
  readonly children: bigint;
}

export function readVersions(body: JuteReader): NodeVersions {
  const data = body.skip(8).long();
  return { data, children: body.skip(44).long() };
}

export interface NodeData {
  readonly value: string;
  readonly version: bigint;
}

export function readData(body: JuteReader): NodeData {
  const value = body.text();
  return { value, version: readVersions(body).data };
}

export interface NodeChildren {
  readonly names: readonly string[];
  readonly version: bigint;
}

export function readChildren(body: JuteReader): NodeChildren {
  const names = body.texts();
  return { names, version: readVersions(body).children };
}
