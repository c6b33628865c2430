/** How much may be asked for: a store of so many units that fills up again with time. */

export class Allowance {
  readonly #most: number;
  readonly #perSecond: number;
  #left: number;
  #at: number;

  /** Full at first. `now`: milliseconds, as in all methods. */
  constructor(most: number, perSecond: number, now: number) {
    this.#most = most;
    this.#perSecond = perSecond;
    this.#left = most;
    this.#at = now;
  }

  /** Takes some, perhaps more than there are; gives the milliseconds until the debt is paid. */
  take(units: number, now: number): number {
    this.#left = Math.min(this.#most, this.#left + ((now - this.#at) * this.#perSecond) / 1_000) - units;
    this.#at = now;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1_000) / this.#perSecond);
  }
}
