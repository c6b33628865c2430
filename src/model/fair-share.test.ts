import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fairShare } from './fair-share.ts';

const groupOf = (item: string): string => item.charAt(0);

it('leaves a few as they are, and of a crowd what the others leave', () => {
  const crowd = Array.from({ length: 9 }, (_, at) => `c${at}`);
  expect(fairShare(['a0', 'a1'], groupOf, 2)).toEqual(['a0', 'a1']);
  expect(fairShare([...crowd, 'a0', 'b0', 'a1'], groupOf, 6)).toEqual(['c0', 'c1', 'c2', 'a0', 'b0', 'a1']);
});

it('shows as many as it may, in their order, and of no group two more than of another that has more left', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd')), fc.nat(20), (groups, most) => {
      const items = groups.map((group, at) => `${group}${at}`);
      const shown = fairShare(items, groupOf, most);
      expect(shown).toHaveLength(Math.min(most, items.length));
      expect(items.filter((item) => shown.includes(item))).toEqual(shown);
      const countOf = (of: readonly string[], group: string): number =>
        of.filter((item) => groupOf(item) === group).length;
      for (const hidden of items.filter((item) => !shown.includes(item))) {
        const own = countOf(shown, groupOf(hidden));
        for (const other of new Set(groups)) expect(countOf(shown, other)).toBeLessThanOrEqual(own + 1);
      }
    }),
  );
});
