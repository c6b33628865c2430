/** How much of something each owner has, against a bound on what one may have and a bound on all together. */

export interface ShareBounds {
  readonly ofOne: number;
  readonly ofAll: number;
}

export class Shares {
  readonly #bounds: ShareBounds;
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(bounds: ShareBounds) {
    this.#bounds = bounds;
  }

  of(owner: string): number {
    return this.#taken.get(owner) ?? 0;
  }

  /** False, and nothing is taken, where it would be too much. */
  take(owner: string, amount = 1): boolean {
    const taken = this.of(owner) + amount;
    if (taken > this.#bounds.ofOne || this.#all + amount > this.#bounds.ofAll) return false;
    this.#taken.set(owner, taken);
    this.#all += amount;
    return true;
  }

  /** To be called for no more than was taken. */
  give(owner: string, amount = 1): void {
    const left = this.of(owner) - amount;
    if (left === 0) this.#taken.delete(owner);
    else this.#taken.set(owner, left);
    this.#all -= amount;
  }
}
