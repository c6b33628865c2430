/** How much may go at once before it is more likely a fault than meant. */

/**
 * A count and when it was taken. Losses are measured against the most that there was within the hold time: what is
 * lost in small portions is lost all the same.
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

  /** How many went where so many are left. */
  lost(left: number): number {
    return Math.max(0, this.#count - left);
  }

  /** Whether so many left are fewer than losing `maxPercent` leaves. */
  isTooLow(left: number, maxPercent: number): boolean {
    return (this.#count - left) * 100 > this.#count * maxPercent;
  }
}
