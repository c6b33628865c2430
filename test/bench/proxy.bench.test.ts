import { expect, it } from 'vitest';
import { benchLatency, benchShared, benchThrift } from './proxy.bench.ts';
import { ratios } from './proxy-rounds.ts';

const shape = { connections: 2, depth: 2 };
const short = { seconds: 0.2, rounds: 1 };

it('the proxy bench runs, and finds metaproxy answering', async () => {
  const figures = [...(await benchThrift([shape], short)), ...(await benchShared([shape], short))];
  const own = figures.filter(({ subject }) => subject === 'metaproxy');
  expect(own).toHaveLength(2);
  for (const { requestsPerSecond } of own) expect(requestsPerSecond).toBeGreaterThan(0);
  expect(ratios(figures).every(({ ratio }) => ratio > 0)).toBe(true);
});

it('the latency bench runs, and sees each request answered', async () => {
  const [own] = await benchLatency(2, 200, short);
  expect(own).toMatchObject({ subject: 'metaproxy', requestsPerSecond: 200 });
  expect(own?.p99Us).toBeGreaterThanOrEqual(own?.p50Us ?? Number.NaN);
});
