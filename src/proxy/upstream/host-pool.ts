/**
 * Plain mode: one request at a time on a connection. Idle connections wait in a pool, the last used first; when the
 * cluster has as many connections as it may, requests queue, and when the queue is full they fail.
 */
import { type Codec, Frame, ReplyReason } from '../../../codecs/codec.ts';
import type { Call } from '../connections/call.ts';
import type { Runtime } from '../connections/runtime.ts';
import type { ClusterStats } from '../observation/stats.ts';
import { CallQueue } from './call-queue.ts';
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
  /** For a queued call, whose frame has to be found again. */
  readonly #frame = new Frame();

  constructor(runtime: Runtime, host: PooledHost, codec: Codec) {
    this.#runtime = runtime;
    this.#host = host;
    this.#codec = codec;
    runtime.sweeper.add(this);
  }

  /** A connection with nothing in flight; undefined when the cluster has as many as it may. */
  take(): UpstreamConnection | undefined {
    let connection = this.#idle.pop();
    while (connection?.retired === true) connection = this.#idle.pop();
    return connection ?? this.#open();
  }

  /** A connection for a request without a reply: it stays free for others, since nothing is awaited on it. */
  forOneway(): UpstreamConnection | undefined {
    const idle = this.#idle.at(-1);
    if (idle?.retired === false) return idle;
    const opened = this.#open();
    if (opened !== undefined) this.#idle.push(opened);
    return opened;
  }

  /** False when as many requests wait as may, or when there is no connection that could become free. */
  enqueue(call: Call, bytes: Buffer, start: number, frame: Frame): boolean {
    const { cluster } = this.#host;
    const full = this.#queue.length >= cluster.plan.maxPending || this.#queuedBytes + frame.length > MAX_QUEUED_BYTES;
    if (full || this.#all.size === 0) {
      cluster.stats.rqPendingOverflow++;
      return false;
    }
    this.#queuedBytes += frame.length;
    call.bytes = bytes;
    call.start = start;
    call.length = frame.length;
    call.headerLength = frame.headerLength;
    this.#queue.push(call);
    return true;
  }

  /** The host has gone: what waits goes elsewhere. */
  retire(): void {
    this.#idle.length = 0;
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const call of queue) call.owner?.onUnsent(call);
    this.#runtime.sweeper.remove(this);
  }

  onIdle(connection: UpstreamConnection): void {
    const next = this.#nextWaiting();
    if (next === undefined) this.#idle.push(connection);
    else this.#sendQueued(connection, next);
  }

  onClosed(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#host.cluster.connections--;
    if (this.#queue.length === 0) return;
    const opened = this.#open();
    if (opened === undefined) return;
    const next = this.#nextWaiting();
    if (next === undefined) this.#idle.push(opened);
    else this.#sendQueued(opened, next);
  }

  sweep(now: number): void {
    const { upstreamIdleMs, requestTimeoutMs } = this.#runtime.limits;
    while (this.#idle.length > 0 && now - (this.#idle[0]?.idleSince ?? now) > upstreamIdleMs) this.#idle.shift()?.end();
    if (requestTimeoutMs <= 0) return;
    while ((this.#queue[0]?.startedAt ?? now) < now - requestTimeoutMs) {
      const call = this.#shift();
      call?.owner?.onFailure(call, ReplyReason.unspecified, 'no connection in time', 'upstream_pending_timeout');
    }
  }

  #open(): UpstreamConnection | undefined {
    const { cluster } = this.#host;
    if (cluster.connections >= cluster.plan.maxConnections) {
      cluster.stats.cxOverflow++;
      return undefined;
    }
    cluster.connections++;
    const calls = new CallQueue(this.#codec.capabilities.correlation === 'id');
    const connection = new UpstreamConnection(this.#runtime, this.#host, this.#codec, calls, this, true);
    this.#all.add(connection);
    return connection;
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

  #sendQueued(connection: UpstreamConnection, call: Call): void {
    const { bytes, start, length } = call;
    if (this.#codec.decoder('request').decode(bytes, start, start + length, this.#frame))
      connection.send(call, bytes, start, this.#frame);
  }
}
