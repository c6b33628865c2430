/** Slots that lie in at least one of several intervals, which may overlap: found by halving, however many they are. */
import type { SlotInterval } from './virtual-ip-pool.ts';

export class SlotRanges {
  /** Apart from each other, in their order. */
  readonly #intervals: readonly SlotInterval[];

  constructor(intervals: Iterable<SlotInterval>) {
    const merged: SlotInterval[] = [];
    for (const next of [...intervals].sort((a, b) => a.first - b.first)) {
      const last = merged.at(-1);
      if (last === undefined || next.first > last.last + 1) merged.push(next);
      else if (next.last > last.last) merged[merged.length - 1] = { first: last.first, last: next.last };
    }
    this.#intervals = merged;
  }

  get isEmpty(): boolean {
    return this.#intervals.length === 0;
  }

  /** The last slot up to which all are in; undefined for one that is not. */
  lastFrom(slot: number): number | undefined {
    const at = firstAt(this.#intervals.length, (index) => (this.#intervals[index]?.last ?? 0) >= slot);
    const found = this.#intervals[at];
    return found !== undefined && found.first <= slot ? found.last : undefined;
  }
}

/** The first of so many for which it is so, where it is so for all that follow; their number where it is so for none. */
export function firstAt(count: number, isSo: (index: number) => boolean): number {
  let [from, to] = [0, count];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (isSo(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
