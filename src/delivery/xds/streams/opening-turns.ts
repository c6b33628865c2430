/**
 * Streams open in turns. What is made for a proxy when it comes takes milliseconds, and hundreds come at once where a network
 * or a control plane is back: each turn of the event loop opens as many as a little time allows, and then those are served who
 * are there already.
 */
const SLICE_MS = 2;

export class OpeningTurns {
  /** In order of arrival. */
  readonly #waiting = new Set<() => void>();
  readonly #now: () => number;
  /** What this turn of the loop has spent on opening, in milliseconds. */
  #spentMs = 0;
  #running = false;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Calls `open` at once where nobody waits and this turn has time, else in a later one. Answers whether it was called. */
  take(open: () => void): boolean {
    const isFree = this.#waiting.size === 0 && this.#spentMs < SLICE_MS;
    if (isFree) this.#spend(open);
    else this.#waiting.add(open);
    this.#run();
    return isFree;
  }

  #spend(open: () => void): void {
    const start = this.#now();
    try {
      open();
    } finally {
      this.#spentMs += this.#now() - start;
    }
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => this.#slice());
  }

  #slice(): void {
    this.#running = false;
    this.#spentMs = 0;
    for (const open of this.#waiting) {
      if (this.#spentMs >= SLICE_MS) break;
      this.#waiting.delete(open);
      this.#spend(open);
    }
    // What was spent now counts until the next turn.
    if (this.#spentMs > 0) this.#run();
  }
}
