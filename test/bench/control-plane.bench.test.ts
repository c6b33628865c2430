import { expect, it } from 'vitest';
import { benchControlPlane } from './control-plane.bench.ts';

// Needs dist/, which `npm test` builds.
it('the control plane bench serves every service, and each change reaches its client', {
  timeout: 30_000,
}, async () => {
  const figures = await benchControlPlane({
    many: { files: 2, entriesPerFile: 3, endpointsPerEntry: 2 },
    few: { files: 1, entriesPerFile: 3, endpointsPerEntry: 2 },
    changes: 3,
  });
  expect(figures.many).toMatchObject({ services: 6, endpoints: 12 });
  expect(figures.few).toMatchObject({ services: 3, endpoints: 6 });
  expect(Object.values(figures.many.changeMs).every((ms) => ms > 0)).toBe(true);
});
