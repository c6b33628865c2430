/**
 * Changes that the list of names told of, without saying whose they are. A service whose own index is that of a change
 * explains it; as long as some are unexplained, the services that nobody waits for are looked at, the longest unseen
 * first.
 *
 *   the list moves to index N --> is there a service at N? --> explained, nobody is looked at
 *                                        | no
 *                                        v
 *                          a pass over the services, until one explains it
 *
 * Passes take no more than half of the time. One that finds nothing, since whose change it was is none of our services,
 * makes them rarer: from one a second to one in 30 s.
 */

/** Within which a service that is waited for explains a change itself. */
export const settleMs = 50;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** Even without any sign a service is looked at as often: a node may get another address, and no list tells of it. */
const longestUnseenMs = 120_000;
/** After a change that may have been of several services, of which others explained it. */
const longestUnsureMs = 30_000;
const rememberedIndexes = 1_000;

export class UnexplainedChanges {
  /** Since the pass began. */
  #fresh = new Set<string>();
  /** Nothing will explain what happened since the pass began. */
  #isUnclear = false;
  #pass: Pass | undefined;
  #lastChange = 0;
  #notBefore = 0;
  #pauseMs = 0;
  readonly #explained = new Set<string>();

  /** The list moved to that index, perhaps by more than one change. `now`: milliseconds, as in all methods. */
  note(index: string, now: number): void {
    this.#lastChange = now;
    if (this.#explained.has(index)) return;
    // So many that only looking at all of them will do.
    if (this.#fresh.size >= rememberedIndexes) this.#isUnclear = true;
    else this.#fresh.add(index);
    this.#notBefore = Math.max(this.#notBefore, now + settleMs);
  }

  /** A service has that index. */
  explain(index: string): void {
    if (this.#explained.has(index)) return;
    this.#explained.add(index);
    const [oldest] = this.#explained;
    if (this.#explained.size > rememberedIndexes && oldest !== undefined) this.#explained.delete(oldest);
    this.#fresh.delete(index);
    if (this.#pass === undefined) return;
    this.#pass.sought.delete(index);
    this.#pass.hasFound = true;
  }

  /** Something changed that no index tells of: all have to be looked at once. */
  noteUnclear(): void {
    this.#isUnclear = true;
  }

  /** Whether a service that was seen then is to be looked at; asked of the one that was unseen for longest. */
  isDue(seenAt: number, now: number): boolean {
    if (now - seenAt > (seenAt < this.#lastChange ? longestUnsureMs : longestUnseenMs)) return true;
    const pass = this.#pass ?? this.#begin(now);
    if (pass === undefined) return false;
    if ((pass.isWhole || pass.sought.size > 0) && seenAt < pass.since) return true;
    this.#end(pass, now);
    return false;
  }

  #begin(now: number): Pass | undefined {
    if ((this.#fresh.size === 0 && !this.#isUnclear) || now < this.#notBefore) return undefined;
    this.#pass = { since: now, sought: this.#fresh, isWhole: this.#isUnclear, hasFound: false };
    this.#fresh = new Set();
    this.#isUnclear = false;
    return this.#pass;
  }

  #end({ since, sought, hasFound }: Pass, now: number): void {
    const isFruitless = sought.size > 0 && !hasFound;
    this.#pauseMs = isFruitless ? Math.min(Math.max(firstPauseMs, 2 * this.#pauseMs), longestPauseMs) : 0;
    this.#notBefore = Math.max(this.#notBefore, now + Math.max(this.#pauseMs, now - since));
    this.#pass = undefined;
  }
}

interface Pass {
  /** What was seen after that is as it is. */
  readonly since: number;
  /** Indexes that it is to explain. */
  readonly sought: Set<string>;
  /** Over all services, whatever explains what. */
  readonly isWhole: boolean;
  hasFound: boolean;
}
