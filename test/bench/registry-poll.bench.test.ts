import { expect, it } from 'vitest';
import { findPeer } from '../peers/peers.ts';
import { benchRegistryPoll } from './registry-poll.bench.ts';

// Needs dist/, which `npm test` builds, and a real Polaris, which `npm run test:peers` installs.
it.skipIf(findPeer('polaris') === undefined)(
  'the registry poll bench runs, and each proxy sees each change',
  async () => {
    const figures = await benchRegistryPoll({ proxies: 5, changes: 1, few: 3, many: 6, instances: 2, idle: 1 });
    expect(figures.visibleToAcknowledgedMs.p50).toBeGreaterThan(0);
    expect(figures.rssMb).toBeGreaterThan(0);
  },
);
