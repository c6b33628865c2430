/** A registry that changes all the time, for three minutes: a real etcd, the built program, and a proxy that sees it all. */
import { expect, it } from 'vitest';
import { benchRegistryScale } from '../../bench/registry-scale.bench.ts';
import { peerUnderTest } from '../peer-under-test.ts';

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

it.skipIf(peerUnderTest('etcd') === undefined)(
  'a hundred changes a second for three minutes reach the proxies one by one, and memory stays bounded',
  { timeout: 300_000 },
  async () => {
    const { churn, rssSamples } = await benchRegistryScale({
      services: 1000,
      instances: 10,
      seconds: 180,
      changesPerSecond: 100,
    });
    // Writes to one service within one response are one resource of it.
    expect(churn.resources).toBeGreaterThan(churn.written / 2);
    expect(churn.resources).toBeLessThanOrEqual(churn.written + 1);
    // V8 lets its heap grow for minutes before it collects the old part of it: by a sixth was seen here. What is kept of
    // each of ten thousand changes would show as more than this.
    const [early, late] = [median(rssSamples.slice(60, 90)), median(rssSamples.slice(-30))];
    expect(late).toBeLessThan(early * 1.5);
  },
);
