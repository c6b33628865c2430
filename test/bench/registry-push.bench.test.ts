import { expect, it } from 'vitest';
import { findPeer } from '../peers/peers.ts';
import { benchRegistryPush } from './registry-push.bench.ts';

// Needs dist/, which `npm test` builds, and a real etcd, which `npm run test:peers` installs.
it.skipIf(findPeer('etcd') === undefined)('the registry push bench runs, and each proxy sees each change', async () => {
  const figures = await benchRegistryPush({ services: 3, instances: 2, proxies: 5, changes: 3 });
  expect(figures.acknowledgedMs.p50).toBeGreaterThan(0);
  expect(figures.acknowledgedMs.p50).toBeGreaterThan(figures.beyondMs.p50);
});
