/**
 * What compiling a regular expression may cost. RE2 matches in linear time, but a short text can expand into a large
 * program (`x{2,1000}` a hundred times), and an object can hold thousands of texts: both are bounded before compiling.
 */

/** About 100 ms of compiling at the worst; `^[a-z]{1,64}-[0-9]{1,64}$` costs 3,500. */
const patternBudget = 20_000;
/** Of all patterns of one object: ten of the worst, or some ten thousand short ones. */
const objectBudget = 200_000;
/** A Unicode class has hundreds of ranges. */
const unicodeClassCost = 200;

/** Spends one object's budget. */
export class PatternBudget {
  #left = objectBudget;

  /** Undefined when the pattern may be compiled, else why not. */
  spend(pattern: string): string | undefined {
    const cost = costOf(pattern);
    if (cost > patternBudget) return 'it repeats, or names classes, so often that it expands too far';
    this.#left -= cost;
    return this.#left < 0 ? 'the object has too many and too large expressions' : undefined;
  }
}

function costOf(pattern: string): number {
  const repeats = [...pattern.matchAll(/\{(\d{1,9})(?:,(\d{0,9}))?\}/g)];
  const copies = repeats.reduce((sum, [, least, most]) => sum + Math.max(Number(least), Number(most ?? 0)), 1);
  const classes = pattern.split(/\\[pP]/).length - 1;
  return (pattern.length + classes * unicodeClassCost) * copies;
}
