/** Keeps replies in the order of their requests, for protocols that match them by nothing else. */
import type { Call } from '../connections/call.ts';

export class ReplyOrder {
  readonly #calls: Call[] = [];

  begin(call: Call): void {
    this.#calls.push(call);
  }

  answer(call: Call, bytes: Buffer): void {
    call.answer = bytes;
    call.answered = true;
  }

  /** Takes out the oldest call when it has been answered. */
  next(): Call | undefined {
    return this.#calls[0]?.answered === true ? this.#calls.shift() : undefined;
  }
}
