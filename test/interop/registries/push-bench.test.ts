import { describe, expect, it } from 'vitest';
import { benchRegistryPush, type PushingName } from '../../bench/registry-push.bench.ts';
import { peerUnderTest } from '../peer-under-test.ts';

describe.each<PushingName>(['consul', 'etcd', 'nacos', 'zookeeper'])('the registry push bench with %s', (name) => {
  it.skipIf(peerUnderTest(name) === undefined)('runs, and each proxy sees each change', async () => {
    const figures = await benchRegistryPush(name, { services: 3, instances: 2, proxies: 5, changes: 3 });
    expect(figures.acknowledgedMs.p50).toBeGreaterThan(0);
    expect(figures.acknowledgedMs.p50).toBeGreaterThan(figures.beyondMs.p50);
  });
});
