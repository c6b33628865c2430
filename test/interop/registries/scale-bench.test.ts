import { expect, it } from 'vitest';
import { benchRegistryScale } from '../../bench/registry-scale.bench.ts';
import { peerUnderTest } from '../peer-under-test.ts';

it.skipIf(peerUnderTest('etcd') === undefined)(
  'the registry scale bench runs, and one change is one resource',
  async () => {
    const figures = await benchRegistryScale({ services: 20, instances: 3, seconds: 1, changesPerSecond: 50 });
    expect(figures.resourcesPerChange).toBe(1);
    expect(figures.churn.resources).toBeGreaterThan(10);
  },
);
