/**
 * What an upstream and the proxy tell each other about their connection: heartbeats are answered, a silent upstream is
 * asked for a sign of life, and one that calls back is told that nobody listens. An upstream that does not read what it
 * is told gets nothing more, instead of many answers in memory.
 */
import { type Codec, type Frame, ReplyReason } from '../../../codecs/codec.ts';
import type { Output } from '../connections/output.ts';
import { errorReply, heartbeatReply } from '../connections/own-answers.ts';
import type { Runtime } from '../connections/runtime.ts';

/** Counted, instead of the time: after the proxy itself has stood still, answers may wait to be read. */
const MAX_UNANSWERED = 2;

export class LifeSigns {
  readonly #runtime: Runtime;
  readonly #codec: Codec;
  readonly #output: Output;
  /** When the upstream was last sent a heartbeat. */
  #askedAt = 0;
  #unanswered = 0;

  constructor(runtime: Runtime, codec: Codec, output: Output) {
    this.#runtime = runtime;
    this.#codec = codec;
    this.#output = output;
  }

  /** True when the upstream says by it that it takes no more requests. */
  onHeartbeat(bytes: Buffer, start: number, frame: Frame): boolean {
    if (!this.#output.crowded) this.#push(heartbeatReply(this.#codec, this.#runtime.faults, bytes, start, frame));
    return this.#codec.notices?.isFarewell(bytes, start, frame) === true;
  }

  /** A request of the upstream: whom of its callers it means is not known here. */
  refuse(bytes: Buffer, start: number, { idHigh, idLow }: Frame): void {
    if (this.#output.crowded) return;
    const asked = { bytes, start, idHigh, idLow };
    const message = 'callers cannot be called back';
    this.#push(errorReply(this.#codec, this.#runtime.faults, asked, ReplyReason.routeNotFound, message));
  }

  /** Asks an upstream that has been silent; false when it has not answered twice, and is to be taken for dead. */
  check(now: number, lastRead: number): boolean {
    const { heartbeatMs } = this.#runtime.limits;
    const { notices } = this.#codec;
    if (notices === undefined || heartbeatMs <= 0) return true;
    if (lastRead >= this.#askedAt) this.#unanswered = 0;
    if (now - Math.max(lastRead, this.#askedAt) < heartbeatMs) return true;
    if (this.#unanswered === MAX_UNANSWERED) return false;
    this.#unanswered++;
    this.#askedAt = now;
    if (!this.#output.crowded) this.#push(notices.heartbeat);
    return true;
  }

  #push(bytes: Buffer | undefined): void {
    if (bytes !== undefined) this.#output.push(bytes, 0, bytes.length);
  }
}
