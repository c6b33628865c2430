import { expect, it } from 'vitest';
import { benchKubernetesChange } from '../../bench/kubernetes-change.bench.ts';
import { benchKubernetesStart } from '../../bench/kubernetes-start.bench.ts';
import { benchKubernetesTakeover } from '../../bench/kubernetes-takeover.bench.ts';

const few = { serviceEntries: 20, endpointsPerEntry: 2, metaRouters: 5, endpointSlices: 20, endpointsPerSlice: 2 };

it('the bench of a start serves from an API server, and starts again beside what it wrote', async () => {
  const figures = await benchKubernetesStart(few, 2);
  expect(figures.starts).toHaveLength(2);
});

it('the bench of a change has each proxy acknowledge each change', async () => {
  const figures = await benchKubernetesChange(few, 10, 5);
  expect(figures.isthmus.acknowledgedMs.p99).toBeGreaterThan(0);
});

it('the bench of a takeover has the other replica write, and finds the virtual IPs as they were', async () => {
  const figures = await benchKubernetesTakeover(few, 1);
  expect(figures.nextWriteMs).toHaveLength(1);
  expect(figures).toMatchObject({ addressLeases: few.serviceEntries, deleted: 0, addressesMoved: 0 });
});
