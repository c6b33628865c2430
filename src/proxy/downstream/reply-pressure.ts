/**
 * What happens when a caller does not read its replies: no more requests are taken from it, and upstream connections
 * that are its alone are not read either, until it has caught up.
 */
import type { ReplySource } from '../connections/call.ts';
import type { Output, Source } from '../connections/output.ts';
import { type Intake, Pause } from './intake.ts';

export class ReplyPressure implements Source {
  readonly #output: Output;
  readonly #intake: Intake;
  readonly #maxUnreadBytes: number;
  /** Upstream connections whose replies this caller is too slow for. */
  #held: ReplySource[] = [];

  constructor(output: Output, intake: Intake, maxUnreadBytes: number) {
    this.#output = output;
    this.#intake = intake;
    this.#maxUnreadBytes = maxUnreadBytes;
  }

  /** Takes no more requests while there are too many replies to write. */
  mindOutput(): void {
    if (!this.#output.crowded) return;
    this.#output.resumeLater(this);
    this.#intake.pause(Pause.replies);
  }

  /** The upstream connection is the caller's alone: it can wait for it. */
  hold(from: ReplySource): void {
    if (this.#held.includes(from)) return;
    this.#held.push(from);
    from.hold();
  }

  /** Whether so much is unread that the caller is to be cut off, where stopping an upstream would hurt others. */
  get unbearable(): boolean {
    return this.#output.pending > this.#maxUnreadBytes;
  }

  resume(): void {
    this.release();
    this.#intake.unpause(Pause.replies);
  }

  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const connection of held) connection.unhold();
  }
}
