/** Who of those that nobody waits for is to be looked at, and when. */
import { Allowance } from './allowance.ts';
import type { TrackedService } from './tracked-service.ts';
import { UnexplainedChanges } from './unexplained-changes.ts';

const perSecond = 4_000;
const atOnce = 64;
const leastPauseMs = 10;

export class Lookout {
  readonly changes = new UnexplainedChanges();
  readonly #allowance = new Allowance(atOnce, perSecond, performance.now());
  readonly #onPause: (ms: number) => void;
  #notBefore = 0;

  /** `onPause`: to be asked again in so many milliseconds. */
  constructor(onPause: (ms: number) => void) {
    this.#onPause = onPause;
  }

  /** `services`: the longest unseen first. */
  next(services: Iterable<TrackedService>): TrackedService | undefined {
    const now = performance.now();
    if (now < this.#notBefore) return undefined;
    for (const service of services) {
      // It is as it was seen, or as it will be in a moment.
      if (service.isAsked) continue;
      if (!this.changes.isDue(service.seenAt, now)) return undefined;
      const pause = this.#allowance.take(1, now);
      this.#notBefore = now + pause;
      if (pause > 0) this.#onPause(Math.max(pause, leastPauseMs));
      return service;
    }
    return undefined;
  }
}
