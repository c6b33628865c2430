import { expect, it } from 'vitest';
import { benchEurekaPoll } from './eureka-poll.bench.ts';

it('the Eureka poll bench runs, and each change is seen', async () => {
  const options = { services: 20, instances: 3, intervalMs: 100, changesPerSecond: 20, seconds: 0.5 };
  const figures = await benchEurekaPoll(options);
  expect(figures.changes).toBeGreaterThan(0);
  expect(figures.firstSyncMs).toBeGreaterThan(0);
  expect(figures.corePercent).toBeGreaterThan(0);
});
