import { expect, it } from 'vitest';
import { benchRegistryPush } from '../../bench/registry-push.bench.ts';
import { peerUnderTest } from '../peer-under-test.ts';

it.skipIf(peerUnderTest('etcd') === undefined)(
  'the registry push bench runs, and each proxy sees each change',
  async () => {
    const figures = await benchRegistryPush({ services: 3, instances: 2, proxies: 5, changes: 3 });
    expect(figures.acknowledgedMs.p50).toBeGreaterThan(0);
    expect(figures.acknowledgedMs.p50).toBeGreaterThan(figures.beyondMs.p50);
  },
);
