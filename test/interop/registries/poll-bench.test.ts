import { expect, it } from 'vitest';
import { benchRegistryPoll } from '../../bench/registry-poll.bench.ts';
import { peerUnderTest } from '../peer-under-test.ts';

it.skipIf(peerUnderTest('polaris') === undefined)(
  'the registry poll bench runs, and each proxy sees each change',
  async () => {
    const figures = await benchRegistryPoll({ proxies: 5, changes: 1, few: 3, many: 6, instances: 2, idle: 1 });
    expect(figures.visibleToAcknowledgedMs.p50).toBeGreaterThan(0);
    expect(figures.rssMb).toBeGreaterThan(0);
  },
);
