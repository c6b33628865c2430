/**
 * One connection to a host: requests go out, replies find their calls. It does not know whether it is pooled, belongs
 * to one caller or is shared by all: its keeper does, and is told when it has nothing in flight and when it has closed.
 * Whatever way it ends, each call on it is answered, or handed back when none of its bytes can have left.
 */
import type { Socket } from 'node:net';
import { type Codec, type Frame, FrameKind, ReplyReason } from '../../../codecs/codec.ts';
import type { Call } from '../connections/call.ts';
import { FrameReader } from '../connections/frame-reader.ts';
import { type Gathering, Output } from '../connections/output.ts';
import { reading } from '../connections/reading.ts';
import type { Runtime } from '../connections/runtime.ts';
import type { ClusterStats } from '../observation/stats.ts';
import { type Dialled, type DialOptions, reasonOf } from '../tls/dialling.ts';
import { LifeSigns } from './life-signs.ts';
import type { PendingCalls } from './pending-calls.ts';

/** The host at the other end, as far as its connections are concerned. */
export interface ConnectionHost {
  readonly key: string;
  readonly connectTimeoutMs: number;
  readonly stats: ClusterStats;
  readonly connections: Set<UpstreamConnection>;
  /** Requests in flight. */
  active: number;
  dial(options: DialOptions): Dialled;
  noteConnected(): void;
  noteFarewell(now: number): void;
  noteConnectFailure(now: number): void;
}

export interface ConnectionKeeper {
  /** When requests leave: at the end of the turn where those of many callers meet. */
  readonly gathering: Gathering;
  /** Nothing is in flight any more. */
  onIdle(connection: UpstreamConnection): void;
  onClosed(connection: UpstreamConnection): void;
}

/** Above this, what is kept of a request is a copy of its header, so that a large buffer is not held until the reply. */
const KEPT_BYTES = 64 * 1024;

export class UpstreamConnection {
  readonly host: ConnectionHost;
  readonly output: Output;
  connected = false;
  closed = false;
  /** No new request: the host drains, or the connection is about to close. */
  retired = false;
  /** Since when nothing has been in flight, on the turn's clock. */
  idleSince: number;
  readonly calls: PendingCalls;
  readonly #runtime: Runtime;
  readonly #codec: Codec;
  readonly #keeper: ConnectionKeeper;
  /** True when a reply to nobody means that the connection cannot be trusted. */
  readonly #exclusive: boolean;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #lifeSigns: LifeSigns;
  #holds = 0;
  /** Requests without a reply that came before the connection was established. */
  #earlyOneways = 0;
  #lastRead: number;
  /** The last call has been answered by the chunk that is being read. */
  #idleDue = false;
  #failure: { readonly reason: ReplyReason; readonly message: string; readonly detail: string } | undefined;

  constructor(
    runtime: Runtime,
    host: ConnectionHost,
    codec: Codec,
    calls: PendingCalls,
    keeper: ConnectionKeeper,
    exclusive: boolean,
  ) {
    this.#runtime = runtime;
    this.host = host;
    this.#codec = codec;
    this.calls = calls;
    this.#keeper = keeper;
    this.#exclusive = exclusive;
    this.idleSince = runtime.turn.now;
    this.#lastRead = runtime.turn.now;
    const { socket, ready } = host.dial({
      noDelay: true,
      keepAlive: true,
      onread: reading((bytes) => this.#read(bytes)),
    });
    this.#socket = socket;
    this.output = new Output(this.#socket, runtime.turn, runtime.limits.highWaterBytes, keeper.gathering);
    this.#lifeSigns = new LifeSigns(runtime, codec, this.output);
    this.#reader = new FrameReader(codec.decoder('response', runtime.limits), this);
    this.#listen(ready);
    host.stats.cxTotal++;
    host.stats.cxActive++;
    host.connections.add(this);
    runtime.sweeper.add(this);
  }

  get localAddress(): string {
    return `${this.#socket.localAddress ?? '-'}:${this.#socket.localPort ?? 0}`;
  }

  send(call: Call, bytes: Buffer, start: number, frame: Frame): void {
    call.host = this.host;
    call.bytes = bytes;
    call.start = start;
    call.length = frame.length;
    call.headerLength = frame.headerLength;
    this.calls.add(call, bytes, start, frame);
    this.host.stats.rqTotal++;
    this.host.active++;
    this.output.push(bytes, start, start + frame.length);
    if (this.connected && bytes.length > KEPT_BYTES) keepHeader(call);
  }

  sendOneway(bytes: Buffer, start: number, frame: Frame): void {
    if (!this.connected) this.#earlyOneways++;
    this.idleSince = this.#runtime.turn.now;
    this.calls.passOneway(bytes, start, frame);
    this.host.stats.rqTotal++;
    this.output.push(bytes, start, start + frame.length);
  }

  /** Stops reading replies, because their one receiver cannot take more. */
  hold(): void {
    if (this.#holds++ === 0) this.#socket.pause();
  }

  unhold(): void {
    if (--this.#holds === 0) this.#socket.resume();
  }

  /** Finishes what is in flight, then closes. */
  retire(): void {
    if (this.retired) return;
    this.retired = true;
    if (this.calls.size === 0) this.end();
  }

  /** Writes what is queued, then closes. */
  end(): void {
    this.retired = true;
    this.output.flush();
    this.#socket.end();
    this.#socket.resume();
  }

  destroy(): void {
    this.retired = true;
    this.#reader.stopped = true;
    this.#socket.destroy();
  }

  sweep(now: number): void {
    const { requestTimeoutMs, lingerMs } = this.#runtime.limits;
    if (this.retired && this.calls.size === 0 && now - this.idleSince > lingerMs) this.destroy();
    const isReading = this.connected && !this.retired && this.#holds === 0;
    if (isReading && !this.#lifeSigns.check(now, this.#lastRead)) this.destroy();
    if (requestTimeoutMs <= 0 || this.calls.size === 0) return;
    const before = now - requestTimeoutMs;
    let expired = 0;
    this.calls.remove(
      (call) => call.startedAt < before,
      (call) => {
        expired++;
        this.host.active--;
        this.host.stats.rqTimeout++;
        call.owner?.onFailure(call, ReplyReason.timeout, 'upstream request timeout', 'upstream_response_timeout');
      },
    );
    if (expired > 0 && (this.#exclusive || this.#lastRead < before)) this.destroy();
  }

  /** Gives up the calls whose callers have gone; their answers may still come, so that no other call follows on some. */
  forsake(): void {
    let forsaken = 0;
    this.calls.remove(
      (call) => call.owner?.waiting !== true,
      (call) => {
        forsaken++;
        this.host.active--;
        call.owner?.onFailure(call, ReplyReason.unspecified, 'the caller has gone', 'downstream_gone');
      },
    );
    if (forsaken > 0 && this.#exclusive) this.destroy();
  }

  onFrame(bytes: Buffer, start: number, frame: Frame): void {
    if (frame.kind === FrameKind.response || frame.kind === FrameKind.error) this.#reply(bytes, start, frame);
    else if (frame.kind === FrameKind.heartbeat) this.#onHeartbeat(bytes, start, frame);
    else {
      this.host.stats.unexpectedFrames++;
      if (frame.kind === FrameKind.request) this.#lifeSigns.refuse(bytes, start, frame);
    }
  }

  onUndecodable(error: unknown): void {
    this.#runtime.faults.note(this.#codec.name, error);
    this.host.stats.decodingErrors++;
    this.#fail(ReplyReason.badResponse, 'upstream sent an undecodable response', 'upstream_response_undecodable');
  }

  #reply(bytes: Buffer, start: number, frame: Frame): void {
    const call = this.calls.take(bytes, start, frame);
    if (call === undefined) {
      this.host.stats.lateReplies++;
      if (this.#exclusive && !this.calls.isStale(frame))
        this.#fail(ReplyReason.badResponse, 'upstream answered another request', 'upstream_bad_response');
      return;
    }
    const { owner } = call;
    if (owner !== undefined) {
      this.host.active--;
      owner.onReply(call, bytes, start, frame, this);
    } else this.host.stats.lateReplies++;
    this.#idleDue = this.calls.size === 0;
  }

  /**
   * Only when all that has arrived has been looked at: what stands behind a reply was sent before anybody's next
   * request, and must not be taken for the answer to it.
   */
  #becomeIdle(): void {
    this.#idleDue = false;
    if (this.closed || this.#reader.stopped || this.calls.size > 0) return;
    this.idleSince = this.#runtime.turn.now;
    if (this.retired) this.end();
    else if (this.#exclusive && this.#reader.inFrame) this.destroy();
    else this.#keeper.onIdle(this);
  }

  #onHeartbeat(bytes: Buffer, start: number, frame: Frame): void {
    this.host.stats.heartbeats++;
    if (!this.#lifeSigns.onHeartbeat(bytes, start, frame)) return;
    this.host.noteFarewell(this.#runtime.turn.now);
    this.retire();
  }

  #listen(ready: Dialled['ready']): void {
    const socket = this.#socket;
    const timer = setTimeout(() => {
      this.host.stats.cxConnectTimeout++;
      this.destroy();
    }, this.host.connectTimeoutMs);
    socket.once(ready, () => {
      clearTimeout(timer);
      this.connected = true;
      this.host.noteConnected();
    });
    socket.on('end', () => {
      this.retired = true;
    });
    socket.on('error', (error) => {
      this.host.stats.lastError = reasonOf(error);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      this.#closedNow();
    });
  }

  #read(chunk: Buffer): void {
    const { turn } = this.#runtime;
    turn.beginChunk();
    this.#lastRead = turn.now;
    this.host.stats.rxBytes += chunk.length;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      this.onUndecodable(error);
    }
    if (this.#idleDue) this.#becomeIdle();
    turn.endChunk();
  }

  #fail(reason: ReplyReason, message: string, detail: string): void {
    this.#failure = { reason, message, detail };
    this.destroy();
  }

  #closedNow(): void {
    this.#runtime.turn.begin();
    this.closed = true;
    this.retired = true;
    this.#runtime.sweeper.remove(this);
    this.host.stats.cxActive--;
    this.host.connections.delete(this);
    if (!this.connected) {
      this.host.noteConnectFailure(this.#runtime.turn.now);
      this.host.stats.rqOnewayLost += this.#earlyOneways;
    }
    this.#keeper.onClosed(this);
    const failure = this.#failure ?? {
      reason: ReplyReason.unspecified,
      message: 'remote connection failure',
      detail: this.#reader.inFrame ? 'upstream_response_incomplete' : 'upstream_reset',
    };
    this.calls.drain((call) => {
      this.host.active--;
      if (!this.connected || !this.output.written) call.owner?.onUnsent(call);
      else call.owner?.onFailure(call, failure.reason, failure.message, failure.detail);
    });
    this.output.relieve();
  }
}

function keepHeader(call: Call): void {
  call.bytes = Buffer.from(call.bytes.subarray(call.start, call.start + call.headerLength));
  call.start = 0;
  call.length = call.headerLength;
}
