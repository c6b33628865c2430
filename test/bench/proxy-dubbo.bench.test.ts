import { expect, it } from 'vitest';
import { benchDubbo } from './proxy-dubbo.bench.ts';
import { ratios } from './proxy-rounds.ts';

it('the Dubbo bench runs, and finds metaproxy answering', async () => {
  const figures = await benchDubbo([{ connections: 2, depth: 2 }], { seconds: 0.2, rounds: 1 });
  const own = figures.filter(({ subject }) => subject === 'metaproxy');
  expect(own).toHaveLength(1);
  for (const { requestsPerSecond } of own) expect(requestsPerSecond).toBeGreaterThan(0);
  expect(ratios(figures).every(({ ratio }) => ratio > 0)).toBe(true);
});
