/**
 * Calls that wait for an upstream to come up, each until its time: one timer for all of them. A call enters it only
 * when a connection has failed, so it costs requests that go well nothing. It is bounded in calls and in bytes.
 */
import type { Call } from './call.ts';

export interface WaitingRoomLimits {
  readonly maxCalls: number;
  readonly maxBytes: number;
}

interface Waiting {
  readonly call: Call;
  readonly bytes: number;
  readonly due: number;
  readonly wake: (call: Call) => void;
}

/** How exactly a time is kept, in milliseconds. */
const TICK_MS = 5;

export class WaitingRoom {
  readonly #limits: WaitingRoomLimits;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: WaitingRoomLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Calls `wake` once, in `pauseMs`; it must see for itself whether anybody still waits. False when there is no room. */
  enter(call: Call, pauseMs: number, wake: (call: Call) => void): boolean {
    const bytes = call.length;
    if (this.#waiting.length >= this.#limits.maxCalls || this.#bytes + bytes > this.#limits.maxBytes) return false;
    this.#bytes += bytes;
    this.#waiting.push({ call, bytes, due: performance.now() + pauseMs, wake });
    this.#timer ??= setInterval(() => this.#wakeDue(), TICK_MS);
    return true;
  }

  #wakeDue(): void {
    const now = performance.now();
    const due = this.#waiting.filter((one) => one.due <= now);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => one.due > now);
    for (const { bytes } of due) this.#bytes -= bytes;
    for (const { call, wake } of due) wake(call);
    if (this.#waiting.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
