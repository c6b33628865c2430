/** How many changes may reach the mesh: a minute's worth at once, and more as time goes on. */
const minuteMs = 60_000;

export class ChangeBudget {
  readonly #perMinute: number;
  #left: number;
  #at: number;

  constructor(perMinute: number, now: number) {
    this.#perMinute = perMinute;
    this.#left = perMinute;
    this.#at = now;
  }

  /** Grants as many of those that are wanted as there are. */
  take(wanted: number, now: number): number {
    const earned = ((now - this.#at) * this.#perMinute) / minuteMs;
    this.#left = Math.min(this.#perMinute, this.#left + earned);
    this.#at = now;
    const granted = Math.min(wanted, Math.floor(this.#left));
    this.#left -= granted;
    return granted;
  }

  /** Milliseconds until it is worth to ask again: a second's worth is there, or one. */
  get pauseMs(): number {
    return Math.max(1000, minuteMs / this.#perMinute);
  }
}
