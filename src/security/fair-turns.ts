/**
 * Turns of those who want the same few places, in a round: each who waits gets one before anybody gets a second, so that a
 * crowd of one waits for itself alone.
 */
export interface TurnLimits {
  /** Places at one time. */
  readonly concurrency: number;
  /** In all; who has nobody waiting gets in all the same. */
  readonly maxWaiting: number;
  readonly maxWaitingOfOne: number;
}

export class FairTurns {
  readonly #limits: TurnLimits;
  /** Whose turn comes first stands first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #count = 0;
  #running = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /** Resolves when it is their turn, which `leave` has to end; undefined where too many wait. */
  take(who: string): Promise<void> | undefined {
    const { concurrency, maxWaiting, maxWaitingOfOne } = this.#limits;
    if (this.#running < concurrency) {
      this.#running++;
      return Promise.resolve();
    }
    const own = this.#waiting.get(who) ?? [];
    if (own.length >= maxWaitingOfOne || (own.length > 0 && this.#count >= maxWaiting)) return undefined;
    this.#waiting.set(who, own);
    this.#count++;
    return new Promise<void>((resolve) => own.push(resolve));
  }

  /** The place of who leaves goes to who is first in the round, and they to its end. */
  leave(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#running--;
      return;
    }
    const [who, own] = first;
    const next = own.shift();
    this.#waiting.delete(who);
    if (own.length > 0) this.#waiting.set(who, own);
    this.#count--;
    next?.();
  }
}
