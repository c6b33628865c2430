/**
 * Work by key, each key once: at most so many a second and so many at a time, and what failed later and later. What somebody
 * waits for goes before what nobody does, and leaves it a share.
 *
 *   add --> ready --(bucket, in flight)--> run --+--> done
 *             ^                                  +--> retry: after a pause of its own, longer each time
 *             +-- delayed                        +--> halt: nobody runs for a while, then one at a time until one succeeds
 */
import { pauseAfter } from '../../../model/back-off.ts';
import type { Clock } from '../../../model/clock.ts';
import { ReadyKeys, type Urgency } from './ready-keys.ts';

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
  /** Of whom a key is: where several wait, they take turns. All are one when absent. */
  readonly groupOf?: (key: string) => string;
  /** In [0, 1). */
  readonly random?: () => number;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #ready: ReadyKeys;
  readonly #delayed = new Map<string, Delayed>();
  readonly #running = new Map<string, Promise<void>>();
  /** To be done once more when what runs is over. */
  readonly #afterwards = new Map<string, Urgency>();
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
    this.#clock = options.clock;
    this.#random = options.random ?? Math.random;
    this.#ready = new ReadyKeys(options.groupOf ?? (() => ''));
    this.#tokens = options.limits.burst;
    this.#filledAt = options.clock.now();
  }

  /** What waits, runs, or is to be tried again. */
  get depth(): number {
    return this.#ready.size + this.#delayed.size + this.#running.size + this.#afterwards.size;
  }

  /** Whether the server, or the way to it, made everything wait since something last succeeded. */
  get isHalted(): boolean {
    return this.#halts > 0;
  }

  /** The sooner of two times counts, and the more urgent of two words. */
  add(key: string, delayMs = 0, urgency: Urgency = 'awaited'): void {
    if (this.#isClosed) return;
    const delayed = this.#delayed.get(key);
    const wanted = moreUrgent(urgency, delayed?.urgency);
    if (delayMs <= 0) {
      this.#undelay(key);
      this.#admit(key, wanted);
      this.#pump();
      return;
    }
    const known = this.#afterwards.get(key) ?? this.#ready.urgencyOf(key);
    if (known !== undefined && known === moreUrgent(known, wanted)) return;
    const at = Math.min(this.#clock.now() + delayMs, delayed?.at ?? Number.POSITIVE_INFINITY);
    if (delayed !== undefined && delayed.at === at && delayed.urgency === wanted) return;
    // Where it waited already it would wait behind what is less urgent.
    this.#afterwards.delete(key);
    this.#ready.delete(key);
    delayed?.cancel();
    const cancel = this.#clock.after(at - this.#clock.now(), () => this.add(key, 0, wanted));
    this.#delayed.set(key, { at, urgency: wanted, cancel });
  }

  #admit(key: string, urgency: Urgency): void {
    if (this.#running.has(key)) this.#afterwards.set(key, moreUrgent(urgency, this.#afterwards.get(key)));
    else this.#ready.add(key, urgency);
  }

  /** Nobody runs for so long; where nothing else is known, longer each time. */
  halt(askedMs?: number): void {
    if (this.#endHalt !== undefined || this.#isClosed) return;
    const own = pauseAfter(this.#halts, haltPauses) * (0.5 + this.#random());
    const asked = askedMs === undefined ? own : Math.max(askedMs, shortestHaltMs) * (1 + this.#random() / 2);
    this.#halts++;
    this.#endHalt = this.#clock.after(Math.ceil(asked), () => {
      this.#endHalt = undefined;
      this.#pump();
    });
  }

  /** It waits for nothing any more; what runs of it is let run. */
  forget(key: string): void {
    this.#ready.delete(key);
    this.#afterwards.delete(key);
    this.#undelay(key);
    this.#failures.delete(key);
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#ready.clear();
    this.#afterwards.clear();
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
    const { limits } = this.#options;
    while (this.#ready.size > 0 && this.#endHalt === undefined) {
      if (this.#running.size >= (this.#halts > 0 ? 1 : limits.inFlight)) return;
      if (!this.#hasToken()) {
        this.#pumpLater(1000 / limits.perSecond);
        return;
      }
      const next = this.#ready.take();
      if (next !== undefined) this.#tryStart(next.key, next.urgency);
    }
  }

  #tryStart(key: string, urgency: Urgency): void {
    const work = this.#options.prepare(key);
    if (work === undefined) {
      if (!this.#delayed.has(key)) this.#failures.delete(key);
      return;
    }
    this.#tokens--;
    this.#ready.spend(urgency);
    this.#start(key, urgency, work);
  }

  #start(key: string, urgency: Urgency, work: () => Promise<WorkResult>): void {
    const running = work().then((result) => {
      this.#running.delete(key);
      if (this.#isClosed) return;
      this.#goOn(key);
      if (result !== 'again') this.#sound();
      if (result === 'done') this.#failures.delete(key);
      else if (result === 'again') this.#ready.add(key, urgency);
      else this.#retry(key, urgency);
      this.#pump();
    });
    this.#running.set(key, running);
  }

  #goOn(key: string): void {
    const urgency = this.#afterwards.get(key);
    this.#afterwards.delete(key);
    if (urgency !== undefined) this.#ready.add(key, urgency);
  }

  #sound(): void {
    if (this.#endHalt === undefined) this.#halts = 0;
  }

  #retry(key: string, urgency: Urgency): void {
    const { shortestRetryMs, longestRetryMs } = this.#options.limits;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const pause = pauseAfter(failures, { firstMs: shortestRetryMs, longestMs: longestRetryMs });
    this.add(key, pause * (0.75 + this.#random() / 2), urgency);
  }

  #hasToken(): boolean {
    const { perSecond, burst } = this.#options.limits;
    const now = this.#clock.now();
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#filledAt) * perSecond) / 1000);
    this.#filledAt = now;
    return this.#tokens >= 1;
  }

  #pumpLater(ms: number): void {
    this.#wake?.();
    this.#wake = this.#clock.after(Math.ceil(ms), () => this.#pump());
  }

  #undelay(key: string): void {
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }
}

interface Delayed {
  readonly at: number;
  readonly urgency: Urgency;
  readonly cancel: () => void;
}

function moreUrgent(one: Urgency, other: Urgency | undefined): Urgency {
  return one === 'awaited' || other === 'awaited' ? 'awaited' : 'routine';
}

const haltPauses = { firstMs: 500, longestMs: 30_000 };
const shortestHaltMs = 100;
