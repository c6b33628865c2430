import { expect, it } from 'vitest';
import { pauseAfter } from './back-off.ts';

it('doubles with each failure, up to its bound, however many there were', () => {
  const pauses = [0, 1, 2, 3, 10, 1_000].map((failures) => pauseAfter(failures, { firstMs: 5, longestMs: 30 }));
  expect(pauses).toEqual([5, 10, 20, 30, 30, 30]);
});
