import { expect, it } from 'vitest';
import { nearHosts } from './near-hosts.ts';

const hosts = [
  'sorter.depot.mesh',
  'orders.shop.mesh',
  'orders.shop.svc.cluster.local',
  'ledger',
  'a.b',
  'a.c',
  'a.d',
  'a.e',
];

it.each([
  ['sorter', ['sorter.depot.mesh']],
  ['sorter.depot', ['sorter.depot.mesh']],
  ['sortr', ['sorter.depot.mesh']],
  ['SORTER.depot.mesh', ['sorter.depot.mesh']],
  ['sorter.depott.mesh', ['sorter.depot.mesh']],
  ['sorter.other.svc.cluster.local', ['sorter.depot.mesh']],
  ['wrong/ledger', ['ledger']],
  ['orders.shop.svc', ['orders.shop.svc.cluster.local', 'orders.shop.mesh']],
  ['a', ['a.b', 'a.c', 'a.d']],
  ['nothing-like-it', []],
  ['', []],
  ['x/', []],
])('the name %s that is no host leads to %j', (written, near) => {
  expect(nearHosts(written, hosts)).toEqual(near);
});

it('a name that is far too long leads nowhere', () => {
  expect(nearHosts('x'.repeat(10_000), hosts)).toEqual([]);
});
