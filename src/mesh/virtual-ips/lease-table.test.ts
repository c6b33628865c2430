import { expect, it } from 'vitest';
import type { ServiceKey } from '../../model/service.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import { hashOf, LeaseTable } from './lease-table.ts';

const lease = (key: ServiceKey, since = 1): VirtualIpLease => ({ key, state: 'bound', since });
const [first, second]: readonly ServiceKey[] = ['ns/h39889', 'ns/h349973'];

it('keeps two keys of one hash apart', () => {
  if (first === undefined || second === undefined) throw new Error('no keys');
  expect(hashOf(first)).toBe(hashOf(second));
  const table = new LeaseTable();
  table.set(lease(first));
  expect(table.get(second)).toBeUndefined();
  table.set(lease(second, 2));
  expect([table.size, table.get(first)?.since, table.get(second)?.since]).toEqual([2, 1, 2]);
  table.delete(first);
  table.set(lease(second, 3));
  expect([table.size, table.get(first), table.get(second)?.since]).toEqual([1, undefined, 3]);
  table.set(lease(first, 4));
  expect([...table.values()].map(({ key, since }) => [key, since]).sort()).toEqual([
    [second, 3],
    [first, 4],
  ]);
  table.delete(second);
  expect([table.size, table.get(first)?.since, table.get(second)]).toEqual([1, 4, undefined]);
});
