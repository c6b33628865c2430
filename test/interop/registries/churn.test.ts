/** A registry that changes all the time, for three minutes: a real etcd, the built program, and a proxy that sees it all. */
import { expect, it } from 'vitest';
import { benchRegistryScale } from '../../bench/registry-scale.bench.ts';
import { peerUnderTest } from '../peer-under-test.ts';

it.skipIf(peerUnderTest('etcd') === undefined)(
  'a hundred changes a second for three minutes reach the proxies one by one, and nothing is kept of them',
  { timeout: 300_000 },
  async () => {
    const { churn, heapBytes } = await benchRegistryScale({
      services: 1000,
      instances: 10,
      seconds: 180,
      changesPerSecond: 100,
    });
    // Writes to one service within one response are one resource of it.
    expect(churn.resources).toBeGreaterThan(churn.written / 2);
    expect(churn.resources).toBeLessThanOrEqual(churn.written + 1);
    // Twelve thousand changes lie between the two: of a hundred bytes kept of each, this would fail.
    expect(heapBytes.late - heapBytes.early).toBeLessThan(1_200_000);
  },
);
