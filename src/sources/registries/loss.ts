/** How much may go at once before it is more likely a fault of the registry than meant. */

/**
 * A count and when it was taken. Losses are measured against the most that there was within the hold time: a registry
 * that loses everything in small portions loses it all the same.
 */
export class HighWater {
  #count: number;
  #at: number;

  constructor(count: number, now: number) {
    this.#count = count;
    this.#at = now;
  }

  /** Takes note of how many there are; `windowMs` after the last high it is forgotten. */
  note(count: number, now: number, windowMs: number): void {
    if (count < this.#count && now - this.#at < windowMs) return;
    this.#count = count;
    this.#at = now;
  }

  /** Whether so many left are fewer than losing `maxPercent` leaves. */
  isTooLow(left: number, maxPercent: number): boolean {
    return (this.#count - left) * 100 > this.#count * maxPercent;
  }
}
