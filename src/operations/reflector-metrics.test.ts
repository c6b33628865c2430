import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { ReflectorSight } from '../model/reflector-sight.ts';
import { createReflectorMetrics } from './reflector-metrics.ts';

it('tells of each watch whether it is live, what it holds, how often it began anew, and why', async () => {
  const registry = new Registry();
  const sights: ReflectorSight[] = [
    {
      purpose: 'mesh',
      kind: 'Pod',
      isLive: false,
      objects: 7,
      restarts: new Map([
        ['expired', 2],
        ['unreachable', 1],
      ]),
      lastFault: 'unreachable',
    },
    { purpose: 'state', kind: 'Lease', isLive: true, restarts: new Map() },
  ];
  createReflectorMetrics(registry, () => sights);
  const lines = async (): Promise<readonly string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(await lines()).toEqual([
    'isthmus_reflector_live{purpose="mesh",kind="Pod"} 0',
    'isthmus_reflector_live{purpose="state",kind="Lease"} 1',
    'isthmus_reflector_objects{purpose="mesh",kind="Pod"} 7',
    'isthmus_reflector_last_fault{purpose="mesh",kind="Pod",fault="unreachable"} 1',
    'isthmus_reflector_restarts_total{purpose="mesh",kind="Pod",fault="expired"} 2',
    'isthmus_reflector_restarts_total{purpose="mesh",kind="Pod",fault="unreachable"} 1',
  ]);
  sights.splice(0, 1);
  expect(await lines()).toEqual(['isthmus_reflector_live{purpose="state",kind="Lease"} 1']);
});
