/**
 * Work by key, each key once: at most so many a second and so many at a time, and what failed later and later.
 *
 *   add --> ready --(bucket, in flight)--> run --+--> done
 *             ^                                  +--> retry: after a pause of its own, longer each time
 *             +-- delayed                        +--> halt: nobody runs for a while, then one at a time until one succeeds
 */
import { pauseAfter } from '../../model/back-off.ts';
import type { Clock } from '../../model/clock.ts';

export interface WorkLimits {
  readonly perSecond: number;
  readonly burst: number;
  readonly inFlight: number;
  /** Of a key that fails: doubled each time, up to the longest. */
  readonly shortestRetryMs: number;
  readonly longestRetryMs: number;
}

/** `again`: not this time, for a reason that lies with no key. */
export type WorkResult = 'done' | 'retry' | 'again';

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly limits: WorkLimits;
  /** What there is to do for a key now; undefined for nothing, which costs nothing. */
  readonly prepare: (key: string) => (() => Promise<WorkResult>) | undefined;
  /** In [0, 1). */
  readonly random?: () => number;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #random: () => number;
  readonly #ready = new Set<string>();
  readonly #delayed = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, number>();
  #tokens: number;
  #filledAt: number;
  #wake: (() => void) | undefined;
  /** Calls the end of a halt off; undefined while nobody is halted. Not a time: clocks are set. */
  #endHalt: (() => void) | undefined;
  #halts = 0;
  #isClosed = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#tokens = options.limits.burst;
    this.#filledAt = options.clock.now();
  }

  /** What waits, runs, or is to be tried again. */
  get depth(): number {
    return this.#ready.size + this.#delayed.size + this.#running.size;
  }

  /** Whether the server, or the way to it, made everything wait since something last succeeded. */
  get isHalted(): boolean {
    return this.#halts > 0;
  }

  /** The sooner of two times counts. */
  add(key: string, delayMs = 0): void {
    if (this.#isClosed) return;
    if (delayMs <= 0) {
      this.#undelay(key);
      this.#ready.add(key);
      this.#pump();
      return;
    }
    const at = this.#options.clock.now() + delayMs;
    const known = this.#delayed.get(key);
    if (this.#ready.has(key) || (known !== undefined && known.at <= at)) return;
    known?.cancel();
    this.#delayed.set(key, { at, cancel: this.#options.clock.after(delayMs, () => this.add(key)) });
  }

  /** Nobody runs for so long; where nothing else is known, longer each time. */
  halt(askedMs?: number): void {
    if (this.#endHalt !== undefined || this.#isClosed) return;
    const own = pauseAfter(this.#halts, haltPauses) * (0.5 + this.#random());
    const asked = askedMs === undefined ? own : Math.max(askedMs, shortestHaltMs) * (1 + this.#random() / 2);
    this.#halts++;
    this.#endHalt = this.#options.clock.after(Math.ceil(asked), () => {
      this.#endHalt = undefined;
      this.#pump();
    });
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#ready.clear();
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#failures.clear();
  }

  /** What runs is waited for. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.clear();
    this.#wake?.();
    this.#endHalt?.();
    await Promise.all(this.#running.values());
  }

  #pump(): void {
    const { clock, limits } = this.#options;
    for (const key of this.#ready) {
      if (this.#endHalt !== undefined) return;
      if (this.#running.size >= (this.#halts > 0 ? 1 : limits.inFlight)) return;
      if (!this.#running.has(key) && !this.#tryStart(key, clock.now())) return;
    }
  }

  /** False where the bucket is empty. */
  #tryStart(key: string, now: number): boolean {
    this.#ready.delete(key);
    const work = this.#options.prepare(key);
    if (work === undefined) {
      if (!this.#delayed.has(key)) this.#failures.delete(key);
      return true;
    }
    if (!this.#takeToken(now)) {
      this.#ready.add(key);
      this.#pumpLater(1000 / this.#options.limits.perSecond);
      return false;
    }
    this.#start(key, work);
    return true;
  }

  #start(key: string, work: () => Promise<WorkResult>): void {
    const running = work().then((result) => {
      this.#running.delete(key);
      if (this.#isClosed) return;
      if (result !== 'again') this.#sound();
      if (result === 'done') this.#failures.delete(key);
      else if (result === 'again') this.#ready.add(key);
      else this.#retry(key);
      this.#pump();
    });
    this.#running.set(key, running);
  }

  #sound(): void {
    if (this.#endHalt === undefined) this.#halts = 0;
  }

  #retry(key: string): void {
    const { shortestRetryMs, longestRetryMs } = this.#options.limits;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const pause = pauseAfter(failures, { firstMs: shortestRetryMs, longestMs: longestRetryMs });
    this.add(key, pause * (0.75 + this.#random() / 2));
  }

  #takeToken(now: number): boolean {
    const { perSecond, burst } = this.#options.limits;
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#filledAt) * perSecond) / 1000);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #pumpLater(ms: number): void {
    this.#wake?.();
    this.#wake = this.#options.clock.after(Math.ceil(ms), () => this.#pump());
  }

  #undelay(key: string): void {
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }
}

const haltPauses = { firstMs: 500, longestMs: 30_000 };
const shortestHaltMs = 100;
