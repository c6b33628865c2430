/** For tests: time that passes when it is told to. */
import type { Clock } from './clock.ts';

/** A clock that stands until it is moved. */
export class TestClock implements Clock {
  #now: number;
  readonly #timers = new Map<() => void, number>();

  constructor(now = 1_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  after(ms: number, run: () => void): () => void {
    this.#timers.set(run, this.#now + ms);
    return () => this.#timers.delete(run);
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, at]) => at <= end).sort(([, a], [, b]) => a - b);
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#now = Math.max(this.#now, next[1]);
      next[0]();
    }
    this.#now = end;
  }
}

/** A clock whose time can be set too, as an operator or NTP does: timers do not notice. */
export class SettableClock extends TestClock {
  #offset = 0;

  override now(): number {
    return super.now() + this.#offset;
  }

  set(time: number): void {
    this.#offset += time - this.now();
  }
}
