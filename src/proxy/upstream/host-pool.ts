/**
 * Plain mode: one request at a time on a connection. Idle connections wait in a pool, the last used first; when the
 * cluster has as many connections as it may, requests queue, and when the queue is full they fail.
 */
import { type Codec, Frame, ReplyReason } from '../../../codecs/codec.ts';
import type { Call } from '../connections/call.ts';
import type { Runtime } from '../connections/runtime.ts';
import type { ClusterStats } from '../observation/stats.ts';
import { SoleCall } from './sole-call.ts';
import { type ConnectionHost, type ConnectionKeeper, UpstreamConnection } from './upstream-connection.ts';

export interface PooledHost extends ConnectionHost {
  readonly cluster: ConnectionBudget;
}

/** What the hosts of a cluster share. */
export interface ConnectionBudget {
  readonly plan: { readonly maxConnections: number; readonly maxPending: number };
  readonly stats: ClusterStats;
  /** Pooled connections that are open. */
  connections: number;
}

const MAX_QUEUED_BYTES = 32 * 1024 * 1024;

export class HostPool implements ConnectionKeeper {
  readonly gathering = 'chunk';
  readonly #runtime: Runtime;
  readonly #host: PooledHost;
  readonly #codec: Codec;
  readonly #idle: UpstreamConnection[] = [];
  readonly #all = new Set<UpstreamConnection>();
  #queue: Call[] = [];
  #queuedBytes = 0;
  /** Carries requests without a reply that an answer would confuse with others; nothing is awaited on it. */
  #oneway: UpstreamConnection | undefined;
  /** What `abandoned` of the runtime was when calls of callers that have gone were last given up here. */
  #abandonedBefore: number;
  /** For a queued call, whose frame has to be found again. */
  readonly #frame = new Frame();

  constructor(runtime: Runtime, host: PooledHost, codec: Codec) {
    this.#runtime = runtime;
    this.#host = host;
    this.#codec = codec;
    this.#abandonedBefore = runtime.calls.abandoned;
    runtime.sweeper.add(this);
  }

  /** A connection with nothing in flight; undefined when the cluster has as many as it may. */
  take(): UpstreamConnection | undefined {
    let connection = this.#idle.pop();
    while (connection?.retired === true) connection = this.#idle.pop();
    const opened = connection ?? this.#open();
    if (opened === undefined) this.#makeRoom();
    return opened;
  }

  /**
   * Sends a request without a reply. An answer to it, should one come, must not meet somebody's call: where ids tell
   * them apart it shares an idle connection, else it gets one on which nothing is ever awaited, or one that closes.
   * Undefined when the cluster has as many connections as it may, or, unless it `mayWait`, the upstream does not read.
   */
  sendOneway(bytes: Buffer, start: number, frame: Frame, mayWait: boolean): UpstreamConnection | undefined {
    const toldApart = this.#codec.capabilities.correlation === 'id' && frame.rewritable;
    const connection = toldApart ? this.#idleOne() : this.#onewayOne();
    const sends = mayWait || connection?.output.blocked === false;
    if (sends) connection?.sendOneway(bytes, start, frame);
    if (!toldApart && connection !== this.#oneway) connection?.end();
    return sends ? connection : undefined;
  }

  /** False when as many requests wait as may, or when there is no connection that could become free. */
  enqueue(call: Call, bytes: Buffer, start: number, frame: Frame): boolean {
    const { cluster } = this.#host;
    const full = this.#queue.length >= cluster.plan.maxPending || this.#queuedBytes + frame.length > MAX_QUEUED_BYTES;
    if (full || this.#all.size === 0) {
      cluster.stats.rqPendingOverflow++;
      return false;
    }
    call.bytes = bytes;
    call.start = start;
    call.length = frame.length;
    call.headerLength = frame.headerLength;
    this.#wait(call);
    return true;
  }

  /** The host has gone: what waits goes elsewhere. */
  retire(): void {
    this.#idle.length = 0;
    this.#oneway = undefined;
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const call of queue) call.owner?.onUnsent(call);
    this.#runtime.sweeper.remove(this);
  }

  onIdle(connection: UpstreamConnection): void {
    for (let next = this.#nextWaiting(); next !== undefined; next = this.#nextWaiting())
      if (this.#sendQueued(connection, next)) return;
    this.#idle.push(connection);
  }

  onClosed(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    if (connection === this.#oneway) this.#oneway = undefined;
    this.#host.cluster.connections--;
    if (this.#queue.length === 0) return;
    const opened = this.#open();
    if (opened !== undefined) this.onIdle(opened);
  }

  sweep(now: number): void {
    const { upstreamIdleMs, requestTimeoutMs } = this.#runtime.limits;
    while (this.#idle.length > 0 && now - (this.#idle[0]?.idleSince ?? now) > upstreamIdleMs) this.#idle.shift()?.end();
    if (this.#oneway !== undefined && now - this.#oneway.idleSince > upstreamIdleMs) this.#oneway.end();
    if (requestTimeoutMs <= 0) return;
    while ((this.#queue[0]?.startedAt ?? now) < now - requestTimeoutMs) {
      const call = this.#shift();
      call?.owner?.onFailure(call, ReplyReason.timeout, 'no connection in time', 'upstream_pending_timeout');
    }
  }

  #idleOne(): UpstreamConnection | undefined {
    const idle = this.#idle.at(-1);
    if (idle?.retired === false) return idle;
    const opened = this.#open();
    if (opened !== undefined) this.#idle.push(opened);
    return opened;
  }

  #onewayOne(): UpstreamConnection | undefined {
    if (this.#oneway?.retired === false) return this.#oneway;
    const opened = this.#open(false);
    if (opened === undefined) return this.take();
    this.#oneway = opened;
    return opened;
  }

  /** An `exclusive` connection is given up when it gets a reply that nobody asked for. */
  #open(exclusive = true): UpstreamConnection | undefined {
    const { cluster } = this.#host;
    if (cluster.connections >= cluster.plan.maxConnections) {
      cluster.stats.cxOverflow++;
      return undefined;
    }
    cluster.connections++;
    const calls = new SoleCall(this.#codec);
    const connection = new UpstreamConnection(this.#runtime, this.#host, this.#codec, calls, this, exclusive);
    this.#all.add(connection);
    return connection;
  }

  /** For those that wait, as soon as a connection has closed. */
  #makeRoom(): void {
    this.#oneway?.end();
    const { abandoned } = this.#runtime.calls;
    if (abandoned === this.#abandonedBefore) return;
    this.#abandonedBefore = abandoned;
    for (const connection of this.#all) connection.forsake();
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const call of queue)
      if (call.owner?.waiting === true) this.#wait(call);
      else this.#runtime.calls.release(call);
  }

  #wait(call: Call): void {
    this.#queue.push(call);
    this.#queuedBytes += call.length;
  }

  /** The next call that somebody still waits for. */
  #nextWaiting(): Call | undefined {
    let call = this.#shift();
    while (call !== undefined && call.owner?.waiting !== true) {
      this.#runtime.calls.release(call);
      call = this.#shift();
    }
    return call;
  }

  #shift(): Call | undefined {
    const call = this.#queue.shift();
    if (call !== undefined) this.#queuedBytes -= call.length;
    return call;
  }

  /** False when the call could not be sent, and has been answered so. */
  #sendQueued(connection: UpstreamConnection, call: Call): boolean {
    const { bytes, start, length } = call;
    if (this.#decode(bytes, start, length)) {
      connection.send(call, bytes, start, this.#frame);
      return true;
    }
    call.owner?.onFailure(call, ReplyReason.unspecified, 'the request cannot be read', 'request_unreadable');
    return false;
  }

  #decode(bytes: Buffer, start: number, length: number): boolean {
    try {
      return this.#codec.decoder('request').decode(bytes, start, start + length, this.#frame);
    } catch (error) {
      this.#runtime.faults.note(this.#codec.name, error);
      return false;
    }
  }
}
