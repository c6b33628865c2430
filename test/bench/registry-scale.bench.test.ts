import { expect, it } from 'vitest';
import { findPeer } from '../peers/peers.ts';
import { benchRegistryScale } from './registry-scale.bench.ts';

// Needs dist/, which `npm test` builds, and a real etcd, which `npm run test:peers` installs.
it.skipIf(findPeer('etcd') === undefined)('the registry scale bench runs, and one change is one resource', async () => {
  const figures = await benchRegistryScale({ services: 20, instances: 3, seconds: 1, changesPerSecond: 50 });
  expect(figures.resourcesPerChange).toBe(1);
  expect(figures.churn.resources).toBeGreaterThan(10);
});
