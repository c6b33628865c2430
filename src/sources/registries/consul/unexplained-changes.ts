/**
 * Changes that the list of names told of, without saying whose they are. A service whose own index is that of a change
 * explains it; as long as some are unexplained, the services that nobody waits for are read, the longest unread first.
 *
 *   the list moves to index N --> is there a service at N? --> explained, nothing to read
 *                                        | no
 *                                        v
 *                          a pass over the services, until one explains it
 *
 * What is never explained, since its service is none of ours, makes passes rarer: from one a second to one in 30 s.
 */

/** Within which a service that is waited for explains a change itself. */
export const settleMs = 50;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** Even without any sign a service is read as often as that: a node may get another address, and no list tells of it. */
const longestUnreadMs = 120_000;
const rememberedIndexes = 1_000;

export class UnexplainedChanges {
  /** Since the pass began. */
  #fresh = new Set<string>();
  /** That the pass is for. */
  #sought = new Set<string>();
  /** What was read before that is read again; everything, whatever explains what. */
  #passSince = 0;
  #isWhole = false;
  #isPassing = false;
  #notBefore = 0;
  #pauseMs = 0;
  readonly #explained = new Set<string>();

  /** The list moved to that index. */
  note(index: string, now: number): void {
    if (this.#explained.has(index) || this.#fresh.size >= rememberedIndexes) return;
    this.#fresh.add(index);
    this.#notBefore = Math.max(this.#notBefore, now + settleMs);
  }

  /** A service has that index. */
  explain(index: string): void {
    this.#explained.add(index);
    const [oldest] = this.#explained;
    if (this.#explained.size > rememberedIndexes && oldest !== undefined) this.#explained.delete(oldest);
    this.#fresh.delete(index);
    if (this.#sought.delete(index)) this.#pauseMs = 0;
  }

  /** Something changed that no index tells of: all has to be read once. */
  readAll(now: number): void {
    this.#passSince = now;
    this.#isPassing = true;
    this.#isWhole = true;
  }

  /** Whether a service that was read then is to be read again; asked of the one that was unread for longest. */
  isDue(readAt: number, now: number): boolean {
    if (now - readAt > longestUnreadMs) return true;
    if (!this.#isPassing) this.#begin(now);
    if (!this.#isPassing) return false;
    if ((this.#isWhole || this.#sought.size > 0) && readAt < this.#passSince) return true;
    this.#end(now);
    return false;
  }

  #begin(now: number): void {
    if (this.#fresh.size === 0 || now < this.#notBefore) return;
    [this.#sought, this.#fresh] = [this.#fresh, new Set()];
    this.#passSince = now;
    this.#isPassing = true;
  }

  #end(now: number): void {
    const isFruitless = this.#sought.size > 0;
    this.#pauseMs = isFruitless ? Math.min(Math.max(firstPauseMs, 2 * this.#pauseMs), longestPauseMs) : 0;
    this.#notBefore = Math.max(this.#notBefore, now + this.#pauseMs);
    this.#sought.clear();
    this.#isPassing = false;
    this.#isWhole = false;
  }
}
