/**
 * One caller's connection: its bytes become requests, which are dispatched; replies come back in the order that the
 * protocol asks for. It reads no faster than its upstreams and the caller itself can take, finishes what is in flight
 * when the caller half-closes or the listener drains, and leaves nothing behind however it ends.
 */
import type { Socket } from 'node:net';
import { type Frame, FrameKind, type Mutation, ReplyReason } from '../../../codecs/codec.ts';
import type { Call, ReplySource } from '../connections/call.ts';
import { FrameReader } from '../connections/frame-reader.ts';
import { Output, type Source } from '../connections/output.ts';
import { errorReply, heartbeatReply } from '../connections/own-answers.ts';
import { readAccepted } from '../connections/reading.ts';
import type { Runtime } from '../connections/runtime.ts';
import type { Swept } from '../connections/sweeper.ts';
import type { Answer, Grant } from '../filters/access-control.ts';
import type { UpstreamConnection } from '../upstream/upstream-connection.ts';
import { noteAbandoned, noteLocal, noteReply } from './call-outcomes.ts';
import { CallerLinks } from './caller-links.ts';
import { type Caller, dispatch, redispatch, resend } from './dispatcher.ts';
import { Intake, type IntakeOwner, Pause } from './intake.ts';
import { ReplyOrder } from './reply-order.ts';
import { ReplyPressure } from './reply-pressure.ts';
import type { ConnectionAddresses } from './request-logs.ts';
import { changeReply } from './route-changes.ts';
import type { Site } from './site.ts';

const nothing = Buffer.alloc(0);
const UNCLEAR = 'access denied: it cannot be told what a server would take this request for';

export class DownstreamConnection implements Caller, IntakeOwner, Source, Swept {
  waiting = true;
  readonly links: CallerLinks;
  readonly #runtime: Runtime;
  readonly #socket: Socket;
  readonly #output: Output;
  readonly #intake: Intake;
  readonly #pressure: ReplyPressure;
  readonly #order: ReplyOrder | undefined;
  readonly #addresses: ConnectionAddresses;
  readonly #onClosed: (connection: DownstreamConnection) => void;
  /** The caller's SPIFFE id; undefined on plaintext. */
  readonly peer: string | undefined;
  #site: Site;
  #grant: Grant;
  inFlight = 0;
  #lastRead: number;
  /** No more requests are read: the connection ends when nothing is in flight. */
  #ending = false;
  #endingSince = 0;
  #ended = false;
  /** On the turn's clock, once nobody waits any more. */
  #closedAt = 0;

  constructor(
    accepted: Socket,
    site: Site,
    peer: string | undefined,
    onClosed: (connection: DownstreamConnection) => void,
  ) {
    const { runtime } = site;
    this.#runtime = runtime;
    const socket = readAccepted(accepted, (bytes) => this.#read(bytes));
    this.#socket = socket;
    this.#site = site;
    this.peer = peer;
    this.#grant = site.access.grantOf(peer);
    this.#onClosed = onClosed;
    this.#lastRead = runtime.turn.now;
    this.links = new CallerLinks(runtime, site.codec);
    const gathering = site.sharing === 'all' ? 'turn' : 'chunk';
    this.#output = new Output(socket, runtime.turn, runtime.limits.highWaterBytes, gathering);
    this.#intake = new Intake(socket, new FrameReader(site.codec.decoder('request', runtime.limits), this), this);
    this.#pressure = new ReplyPressure(this.#output, this.#intake, runtime.limits.maxUnreadBytes);
    this.#order = site.ordered ? new ReplyOrder() : undefined;
    this.#addresses = {
      local: `${socket.localAddress ?? '-'}:${socket.localPort ?? 0}`,
      remote: `${socket.remoteAddress ?? '-'}:${socket.remotePort ?? 0}`,
    };
    site.stats.cxTotal++;
    site.stats.cxActive++;
    this.#listen();
    runtime.sweeper.add(this);
  }

  /** Goes on under another site from the next request on; a connection that cannot finishes what is in flight and ends. */
  adopt(site: Site): void {
    if (!site.continues(this.#site)) {
      this.drain();
      return;
    }
    this.#site.stats.cxActive--;
    this.#site.stats.requestActive -= this.inFlight;
    site.stats.cxActive++;
    site.stats.requestActive += this.inFlight;
    this.#site = site;
    this.#grant = site.access.grantOf(this.peer);
  }

  /** Reads nothing until `warm` is called. */
  holdUntilWarm(): void {
    this.#intake.pause(Pause.warming);
  }

  warm(): void {
    this.#intake.unpause(Pause.warming);
  }

  /** Finishes what is in flight, a request that has half arrived included, then ends. */
  drain(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#endingSince = this.#runtime.turn.now;
    this.#endIfDone();
  }

  destroy(): void {
    this.#intake.close();
    this.#socket.destroy();
  }

  onFrame(bytes: Buffer, start: number, frame: Frame): void {
    const { stats } = this.#site;
    stats.request++;
    stats.requestDecodingSuccess++;
    if (frame.kind === FrameKind.request) {
      stats.requestTwoway++;
      this.#dispatch(this.#begin(bytes, start, frame, false), frame);
    } else if (frame.kind === FrameKind.oneway) {
      stats.requestOneway++;
      this.#dispatch(this.#begin(bytes, start, frame, true), frame);
    } else if (frame.kind === FrameKind.heartbeat) {
      stats.requestEvent++;
      this.#answerHeartbeat(bytes, start, frame);
    } else {
      stats.requestStream++;
      this.destroy();
    }
  }

  onReply(call: Call, bytes: Buffer, start: number, frame: Frame, from: ReplySource): void {
    if (!this.waiting) {
      this.#forget(call);
      return;
    }
    const mutation = call.route?.responseMutation;
    if (mutation !== undefined && mutation.length > 0) this.#answerMutated(call, bytes, start, frame, from, mutation);
    else {
      noteReply(this.#site, call, bytes, start, frame, from, this.#addresses);
      this.#answer(call, bytes, start, start + frame.length);
    }
    if (this.#output.crowded) this.#mindReplies(from);
  }

  onFailure(call: Call, reason: ReplyReason, message: string, detail: string): void {
    if (this.waiting) this.refuse(call, reason, message, detail);
    else this.#forget(call);
  }

  onUnsent(call: Call): void {
    if (this.waiting) redispatch(this.#site, this, call);
    else this.#forget(call);
  }

  onRetry(call: Call): void {
    this.#runtime.turn.begin();
    if (this.waiting) resend(this.#site, this, call);
    else this.#forget(call);
  }

  /** Answers in the upstream's stead. A protocol that cannot say an error has its connection closed. */
  refuse(call: Call, reason: ReplyReason, message: string, detail: string): void {
    const { stats, codec } = this.#site;
    noteLocal(this.#site, call, true, detail, this.#addresses);
    if (call.oneway) {
      this.#finish(call);
      return;
    }
    const reply = errorReply(codec, this.#runtime.faults, call, reason, message);
    if (reply !== undefined) {
      this.#answer(call, reply, 0, reply.length);
      this.#pressure.mindOutput();
      return;
    }
    stats.responseErrorCausedConnectionClose++;
    this.#answer(call, nothing, 0, 0);
    this.drain();
  }

  finishOneway(call: Call): void {
    noteLocal(this.#site, call, false, 'oneway', this.#addresses);
    this.#finish(call);
  }

  /** Stops reading while an upstream connection has more to write than it should. */
  mindPressure(connection: UpstreamConnection): void {
    if (!connection.output.crowded) return;
    connection.output.resumeLater(this);
    this.#intake.pause(Pause.upstream);
  }

  onUndecodable(error: unknown): void {
    this.#runtime.faults.note(this.#site.codec.name, error);
    this.#site.stats.requestDecodingError++;
    this.destroy();
  }

  onResumed(): void {
    if (this.#ending) this.#endIfDone();
  }

  resume(): void {
    this.#intake.unpause(Pause.upstream);
  }

  sweep(now: number): void {
    const { drainMs, lingerMs } = this.#runtime.limits;
    if (this.#ending && now - this.#endingSince > (this.#ended ? lingerMs : drainMs)) {
      this.destroy();
      return;
    }
    // A caller that always has requests in flight would never be done: from half-time on it is not read from.
    if (this.#ending && !this.#ended && now - this.#endingSince > drainMs / 2) this.#intake.pause(Pause.ending);
    const { idleTimeoutMs } = this.#site.plan;
    if (idleTimeoutMs <= 0 || this.inFlight > 0 || this.#ending || now - this.#lastRead <= idleTimeoutMs) return;
    this.#site.stats.idleTimeout++;
    this.drain();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.once('end', () => {
      this.#runtime.turn.begin();
      this.drain();
    });
    // What went wrong with a caller's socket is no news: 'close' follows, and is counted.
    socket.on('error', () => {});
    socket.once('close', () => this.#closed());
  }

  #read(chunk: Buffer): void {
    const { turn } = this.#runtime;
    turn.beginChunk();
    this.#lastRead = turn.now;
    this.#site.stats.rxBytes += chunk.length;
    this.#intake.read(chunk);
    turn.endChunk();
  }

  #begin(bytes: Buffer, start: number, frame: Frame, oneway: boolean): Call {
    const site = this.#site;
    const call = this.#runtime.calls.acquire();
    call.owner = this;
    call.bytes = bytes;
    call.start = start;
    call.length = frame.length;
    call.requestBytes = frame.length;
    call.headerLength = frame.headerLength;
    call.idHigh = frame.idHigh;
    call.idLow = frame.idLow;
    call.oneway = oneway;
    call.startedAt = this.#runtime.turn.now;
    if (site.logs !== undefined) call.logged = site.logs.readRequest(bytes, start, frame);
    if (this.#order !== undefined && !oneway) this.#order.begin(call);
    this.inFlight++;
    site.stats.requestActive++;
    if (this.inFlight >= this.#runtime.limits.maxInFlight) this.#intake.pause(Pause.inFlight);
    return call;
  }

  #dispatch(call: Call, frame: Frame): void {
    if (this.#grant === 'all' || this.#mayDispatch(this.#grant, call, frame)) dispatch(this.#site, this, call, frame);
  }

  /** Answers what the caller may not ask, or nobody can tell whether he may. */
  #mayDispatch(grant: Exclude<Grant, 'all'>, call: Call, frame: Frame): boolean {
    const answer = this.#ask(grant, call, frame);
    if (answer === 'admitted') return true;
    this.#site.stats.requestDenied++;
    if (answer === 'unclear') {
      this.#site.stats.requestUnclear++;
      this.refuse(call, ReplyReason.unspecified, UNCLEAR, 'rbac_request_unclear');
    } else this.refuse(call, ReplyReason.unspecified, 'access denied', 'rbac_access_denied');
    return false;
  }

  #ask(grant: Exclude<Grant, 'all'>, call: Call, frame: Frame): Answer {
    if (grant === 'nothing') return 'denied';
    try {
      return grant.ask(call.bytes, call.start, frame);
    } catch (error) {
      this.#runtime.faults.note(this.#site.codec.name, error);
      return 'denied';
    }
  }

  /** The answer leaves now, or when those before it have left. */
  #answer(call: Call, bytes: Buffer, start: number, end: number): void {
    this.#site.stats.txBytes += end - start;
    if (this.#order === undefined) {
      if (end > start) this.#output.push(bytes, start, end);
      this.#finish(call);
      return;
    }
    const order = this.#order;
    order.answer(call, bytes.subarray(start, end));
    for (let next = order.next(); next !== undefined; next = order.next()) {
      if (next.answer !== undefined && next.answer.length > 0) this.#output.push(next.answer, 0, next.answer.length);
      this.#finish(next);
    }
  }

  #answerMutated(call: Call, bytes: Buffer, start: number, frame: Frame, from: ReplySource, mutation: Mutation): void {
    const mutated = changeReply(this.#site, call, bytes, start, frame, mutation);
    if (mutated === undefined) {
      this.refuse(call, ReplyReason.badResponse, 'the reply cannot be changed', 'response_mutation_failed');
      return;
    }
    noteReply(this.#site, call, bytes, start, frame, from, this.#addresses);
    this.#answer(call, mutated, 0, mutated.length);
  }

  #finish(call: Call): void {
    this.inFlight--;
    this.#site.stats.requestActive--;
    this.#runtime.calls.release(call);
    if (this.#intake.isPausedFor(Pause.inFlight) && this.inFlight <= this.#runtime.limits.maxInFlight / 2)
      this.#intake.unpause(Pause.inFlight);
    if (this.#ending) this.#endIfDone();
  }

  /** Nobody waits for the answer any more. */
  #forget(call: Call): void {
    noteAbandoned(this.#site, call, this.#leftByCaller ? 'remote' : 'local', this.#closedAt, this.#addresses);
    this.#runtime.calls.release(call);
  }

  get #leftByCaller(): boolean {
    return this.#socket.readableEnded || this.#socket.errored !== null;
  }

  #answerHeartbeat(bytes: Buffer, start: number, frame: Frame): void {
    const answer = heartbeatReply(this.#site.codec, this.#runtime.faults, bytes, start, frame);
    if (answer === undefined) return;
    this.#output.push(answer, 0, answer.length);
    this.#pressure.mindOutput();
  }

  /** The caller does not read its replies. */
  #mindReplies(from: ReplySource): void {
    this.#pressure.mindOutput();
    if (this.#site.sharing === 'caller') this.#pressure.hold(from);
    else if (this.#pressure.unbearable) {
      this.#site.stats.cxUnreadOverflow++;
      this.destroy();
    }
  }

  #endIfDone(): void {
    if (this.#ended || this.inFlight > 0) return;
    if (this.#intake.expectsMore) return;
    this.#ended = true;
    this.#endingSince = this.#runtime.turn.now;
    this.#output.flush();
    this.#socket.end();
    this.#intake.close();
  }

  #closed(): void {
    const { stats } = this.#site;
    this.#runtime.turn.begin();
    this.waiting = false;
    this.#closedAt = this.#runtime.turn.now;
    this.#intake.close();
    this.#runtime.sweeper.remove(this);
    stats.cxActive--;
    stats.requestActive -= this.inFlight;
    this.#runtime.calls.abandoned += this.inFlight;
    if (this.inFlight > 0)
      if (this.#leftByCaller) stats.cxDestroyRemoteWithActiveRq++;
      else stats.cxDestroyLocalWithActiveRq++;
    this.#pressure.release();
    this.links.end();
    this.#onClosed(this);
  }
}
