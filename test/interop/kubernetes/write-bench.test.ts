import { expect, it } from 'vitest';
import { benchWrites } from '../../bench/kubernetes-writes.bench.ts';

it('the bench of writes sees one change cost as many requests as it changes objects, and a restart none', async () => {
  const figures = await benchWrites({ services: 6, routers: 2 });
  expect(figures.objects).toBeGreaterThanOrEqual(6);
  // The statuses of two MetaRouters, of their protocol and of the registry come to that, and two that are made by the bench.
  expect(figures.firstWrite.writes).toBeLessThanOrEqual(figures.objects + 6);
  expect(figures.routerChanged).toMatchObject({ writes: 1, reads: 0 });
  expect(figures.instanceChanged).toMatchObject({ writes: 1, reads: 0 });
  expect(figures.restarted.writes).toBe(0);
});
