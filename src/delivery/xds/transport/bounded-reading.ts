/**
 * The messages of one call, within its bounds: how large one is, how much of all that have begun is held for its owner, how long
 * one is under way, and how long the call. Who keeps to none of it costs no more than that.
 */
import { MessageReader } from './message-reader.ts';
import type { Shares } from './shares.ts';
import { type Status, StatusCode } from './transport.ts';

export interface ReadingBounds {
  readonly maxMessageBytes: number;
  /** How long a message may be under way once it has begun, in milliseconds. */
  readonly messageMs: number;
  /** How long the whole call may take, in milliseconds; absent: it may stay. */
  readonly callMs?: number;
  /** Bytes of messages that have begun, by owner. */
  readonly held: Shares;
  readonly owner: string;
}

const tooMuchHeld: Status = {
  code: StatusCode.resourceExhausted,
  message: 'Too many messages of this caller, or of all, have begun and not ended. Come again later.',
};

export class BoundedReading {
  readonly #bounds: ReadingBounds;
  readonly #reader: MessageReader;
  readonly #fail: (fault: Status) => void;
  readonly #deadline: NodeJS.Timeout | undefined;
  #messageDeadline: NodeJS.Timeout | undefined;
  #held = 0;

  /** `fail` is called when a bound is broken, after which nothing more may be read. */
  constructor(bounds: ReadingBounds, fail: (fault: Status) => void) {
    this.#bounds = bounds;
    this.#reader = new MessageReader(bounds.maxMessageBytes);
    this.#fail = fail;
    const { callMs } = bounds;
    this.#deadline = callMs === undefined ? undefined : this.#failAfter(callMs, 'The call');
  }

  read(chunk: Buffer, deliver: (message: Buffer) => void): void {
    const fault = this.#reader.read(chunk, (message) => {
      this.#forgetMessage();
      deliver(message);
    });
    this.#heed(fault ?? this.#account());
  }

  #heed(fault: Status | undefined): void {
    if (fault === undefined) return;
    this.stop();
    this.#fail(fault);
  }

  /** Gives up what is held. */
  stop(): void {
    this.#reader.stop();
    this.#account();
  }

  /** The call is over. */
  close(): void {
    clearTimeout(this.#deadline);
    this.stop();
  }

  #account(): Status | undefined {
    const { held, owner, messageMs } = this.#bounds;
    const now = this.#reader.heldBytes;
    if (now === 0) this.#forgetMessage();
    else this.#messageDeadline ??= this.#failAfter(messageMs, 'A message');
    if (now < this.#held) held.give(owner, this.#held - now);
    else if (now > this.#held && !held.take(owner, now - this.#held)) return tooMuchHeld;
    this.#held = now;
    return undefined;
  }

  /** The next one has its own time. */
  #forgetMessage(): void {
    clearTimeout(this.#messageDeadline);
    this.#messageDeadline = undefined;
  }

  #failAfter(ms: number, what: string): NodeJS.Timeout {
    const fault = { code: StatusCode.deadlineExceeded, message: `${what} was not complete within ${ms} ms.` };
    return setTimeout(() => this.#fail(fault), ms).unref();
  }
}
