import { expect, it } from 'vitest';
import { benchSecuredFanout } from './secured-fanout.bench.ts';

// Needs dist/, which `npm test` builds.
it('the bench of a secured mesh serves each proxy, and tells of a change those alone that may call the service', async () => {
  const figures = await benchSecuredFanout({ services: 6, workloads: 2, callers: 2, perFile: 3 }, 4);
  expect(figures).toMatchObject({ services: 6, proxies: 12, concerned: 4, toldInVain: 0 });
  expect(figures.changeMs.p99).toBeGreaterThan(0);
});
