/**
 * One session with one server, over one connection: it ends with it. Since a reader leaves nothing behind in ZooKeeper
 * there is nothing that a next connection would have to take up, but which changes were seen.
 *
 * What never happens: an answer of a server that has not seen what we have seen, or that lost its quorum; a server that
 * is frozen, and taken for one where nothing happens.
 */
import type { Socket } from 'node:net';
import { IsthmusError } from '../../../model/errors.ts';
import { type Found, foundIn, refusal } from './found.ts';
import { FrameReader } from './frame-reader.ts';
import { bool, type JuteReader, text } from './jute.ts';
import {
  connectRequest,
  digest,
  type NodeChildren,
  type NodeData,
  type NodeVersions,
  Operation,
  type Reply,
  readChildren,
  readConnectResponse,
  readData,
  readEvent,
  readReply,
  readVersions,
  request,
  Status,
  Xid,
} from './messages.ts';

export interface SessionOptions {
  /** To a server, and still without a word. */
  readonly socket: Socket;
  /** Of the server, for messages. */
  readonly name: string;
  readonly timeoutMs: number;
  /** Of the newest change that was seen in an earlier session; 0 to read whatever there is. */
  readonly zxid: bigint;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** Something about the node at a path changed since it was read. */
  readonly onEvent: (path: string) => void;
  /** Closes it, whatever it is doing. */
  readonly signal: AbortSignal;
}

/** The server took the connection, and ended it before there was a session: so it does when we have seen more than it has. */
export class SessionRefused extends IsthmusError {}

interface Waiting {
  readonly xid: number;
  readonly since: number;
  readonly take: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** A node with a hundred thousand children of Dubbo's length. */
const maxMessageBytes = 64 << 20;
const connectMs = 5_000;
const replyMs = 15_000;

export class Session {
  readonly #options: SessionOptions;
  readonly #frames = new FrameReader(maxMessageBytes);
  /** In the order in which they are answered. */
  readonly #waiting: Waiting[] = [];
  readonly #opening = Promise.withResolvers<void>();
  readonly #ending = Promise.withResolvers<never>();
  #xid = 0;
  #zxid: bigint;
  #heardAt = performance.now();
  #timer: NodeJS.Timeout;
  #timeoutMs = 0;
  #isOver = false;

  private constructor(options: SessionOptions) {
    this.#options = options;
    this.#zxid = options.zxid;
    const { socket, name, signal } = options;
    signal.addEventListener('abort', this.close);
    socket.on('data', this.#take);
    socket.on('error', (error) => this.#fail(new IsthmusError('UNAVAILABLE', `${name}: ${error.message}`)));
    socket.on('close', () => this.#fail(this.#closed()));
    this.#timer = setTimeout(() => this.#fail(this.#silent()), connectMs);
    // Whoever waits for neither is told by what it waits for.
    this.#ending.promise.catch(() => {});
    this.#opening.promise.catch(() => {});
    if (signal.aborted) this.close();
  }

  /** Rejects with UNAVAILABLE. */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    const { zxid, timeoutMs, credentials } = options;
    session.#send(connectRequest({ zxid, timeoutMs }));
    await session.#opening.promise;
    if (credentials !== undefined)
      session.#send(request(Xid.auth, Operation.auth, digest(credentials.username, credentials.password)));
    return session;
  }

  /** As the server granted it, milliseconds. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** Of the newest change that the server told of. */
  get zxid(): bigint {
    return this.#zxid;
  }

  /** Rejects when the session is over. */
  get ended(): Promise<never> {
    return this.#ending.promise;
  }

  /** The server catches up with its leader. */
  async sync(path: string): Promise<void> {
    await this.#ask(Operation.sync, [text(path)], () => undefined);
  }

  /** An event comes when they change. */
  async children(path: string): Promise<Found<NodeChildren>> {
    return this.#ask(Operation.children, [text(path), bool(true)], readChildren);
  }

  /** An event comes when it changes. */
  async data(path: string): Promise<Found<NodeData>> {
    return this.#ask(Operation.data, [text(path), bool(true)], readData);
  }

  /** An event comes when the node is created. */
  async exists(path: string): Promise<Found<NodeVersions>> {
    return this.#ask(Operation.exists, [text(path), bool(true)], readVersions);
  }

  /** No event comes of it; and no right is needed for it. */
  async versions(path: string): Promise<Found<NodeVersions>> {
    return this.#ask(Operation.exists, [text(path), bool(false)], readVersions);
  }

  readonly close = (): void => {
    if (this.#isOver) return;
    if (this.#timeoutMs > 0) this.#send(request(++this.#xid, Operation.close));
    this.#fail(new IsthmusError('UNAVAILABLE', 'closed'));
  };

  #ask<T>(operation: number, body: readonly Buffer[], read: (body: JuteReader) => T): Promise<Found<T>> {
    const { promise, resolve, reject } = Promise.withResolvers<Found<T>>();
    if (this.#isOver) {
      reject(this.#closed());
      return promise;
    }
    const xid = ++this.#xid;
    const take = (reply: Reply): void => resolve(foundIn(reply, read, this.#options.name));
    this.#waiting.push({ xid, since: performance.now(), take, reject });
    this.#send(request(xid, operation, ...body));
    return promise;
  }

  #send(message: Buffer): void {
    const length = Buffer.alloc(4);
    length.writeInt32BE(message.length);
    this.#options.socket.write(Buffer.concat([length, message]));
  }

  readonly #take = (chunk: Buffer): void => {
    this.#heardAt = performance.now();
    try {
      for (const message of this.#frames.push(chunk)) {
        if (this.#isOver) return;
        if (this.#timeoutMs === 0) this.#begin(readConnectResponse(message));
        else this.#answer(readReply(message));
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new IsthmusError('UNAVAILABLE', String(error)));
    }
  };

  #begin(timeoutMs: number): void {
    if (timeoutMs <= 0) throw this.#closed();
    this.#timeoutMs = timeoutMs;
    clearTimeout(this.#timer);
    this.#timer = setInterval(() => this.#beat(), timeoutMs / 3);
    this.#opening.resolve();
  }

  #answer(reply: Reply): void {
    if (reply.zxid > this.#zxid) this.#zxid = reply.zxid;
    if (reply.xid === Xid.event) {
      this.#options.onEvent(readEvent(reply.body));
      return;
    }
    if (reply.xid === Xid.ping) return;
    if (reply.xid === Xid.auth) {
      if (reply.status === Status.ok) return;
      throw refusal(reply.status, this.#options.name);
    }
    const waiting = this.#waiting[0];
    if (waiting?.xid !== reply.xid)
      throw new IsthmusError('UNAVAILABLE', `${this.#options.name} answers what it was not asked`);
    waiting.take(reply);
    this.#waiting.shift();
  }

  #beat(): void {
    const now = performance.now();
    const isLate = now - (this.#waiting[0]?.since ?? now) > replyMs;
    if (isLate || now - this.#heardAt > (this.#timeoutMs * 2) / 3) {
      // What came while this process was busy is read first.
      const heardAt = this.#heardAt;
      setImmediate(() => {
        if (heardAt === this.#heardAt || isLate) this.#fail(this.#silent());
      });
    } else this.#send(request(Xid.ping, Operation.ping));
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#opening.reject(error);
    this.#ending.reject(error);
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.length = 0;
    const { socket, signal } = this.#options;
    signal.removeEventListener('abort', this.close);
    // What was written last is sent, if it can be.
    if (socket.connecting) socket.destroy();
    else socket.destroySoon();
    socket.unref();
  }

  #closed(): IsthmusError {
    const { name } = this.#options;
    if (this.#timeoutMs === 0) return new SessionRefused('UNAVAILABLE', `${name} grants no session`);
    return new IsthmusError('UNAVAILABLE', `${name} ended the session`);
  }

  #silent(): IsthmusError {
    return new IsthmusError('UNAVAILABLE', `${this.#options.name} does not answer`);
  }
}
