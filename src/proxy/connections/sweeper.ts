/**
 * Looks at every connection now and then, for whatever has taken too long: one timer for all instead of one for each
 * request. A time-out is therefore late by at most one interval.
 */
import type { Turn } from './turn.ts';

export interface Swept {
  sweep(now: number): void;
}

export class Sweeper {
  readonly #swept = new Set<Swept>();
  readonly #turn: Turn;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(turn: Turn, shortestTimeoutMs: number) {
    this.#turn = turn;
    this.#intervalMs = Math.min(1000, Math.max(20, shortestTimeoutMs > 0 ? shortestTimeoutMs / 4 : 1000));
  }

  add(swept: Swept): void {
    this.#swept.add(swept);
    this.#timer ??= setInterval(() => this.#sweep(), this.#intervalMs);
  }

  remove(swept: Swept): void {
    this.#swept.delete(swept);
    if (this.#swept.size > 0 || this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    this.#turn.begin();
    const { now } = this.#turn;
    for (const swept of this.#swept) swept.sweep(now);
  }
}
