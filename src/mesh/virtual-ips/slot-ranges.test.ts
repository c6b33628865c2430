import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SlotRanges } from './slot-ranges.ts';

it('ranges of slots know what is in them, and up to where, as one that looks at each slot', () => {
  const interval = fc.tuple(fc.nat(40), fc.nat(8)).map(([first, more]) => ({ first, last: first + more }));
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 12 }), (intervals) => {
      const ranges = new SlotRanges(intervals);
      const isIn = (slot: number): boolean => intervals.some(({ first, last }) => slot >= first && slot <= last);
      expect(ranges.isEmpty).toBe(intervals.length === 0);
      for (let slot = 0; slot < 60; slot++) {
        let last = isIn(slot) ? slot : undefined;
        while (last !== undefined && isIn(last + 1)) last++;
        expect(ranges.lastFrom(slot)).toBe(last);
      }
    }),
  );
});
