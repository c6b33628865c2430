import { expect, it } from 'vitest';
import { benchColdStart } from './secured-cold-start.bench.ts';

// Needs dist/, which `npm test` builds.
it('the bench of a cold start serves each proxy its certificate, and those who are there their changes meanwhile', async () => {
  const figures = await benchColdStart(20, 2);
  expect(figures.proxies).toBe(20);
  expect(figures.servedMs).toBeGreaterThan(0);
  expect(figures.quietMs.p99).toBeGreaterThan(0);
  expect(figures.meanwhileMs.changes).toBeGreaterThan(0);
});
