import { expect, it } from 'vitest';
import type { ServiceKey } from '../../../model/service.ts';
import { awaitedLeaseFindings } from './awaited-leases.ts';

it.each<readonly [string, readonly ServiceKey[], { isWriter: boolean; holder: string }, readonly string[]]>([
  ['nobody', [], { isWriter: true, holder: 'a' }, []],
  ['who is to write it', ['a/b.c'], { isWriter: false, holder: 'other' }, ['1 host (a/b.c): other is to write']],
  ['that nobody writes', ['a/b.c', 'd/e.f'], { isWriter: false, holder: '' }, ['2 hosts (a/b.c and others): no rep']],
  ['that it is itself', ['a/b.c'], { isWriter: true, holder: 'it' }, ['1 host (a/b.c): this replica is to write']],
])('a host that waits for an address is told %s', (_, hosts, writer, said) => {
  const expected = said.map((start) => ({ code: 'ISTH1505', message: expect.stringContaining(start) }));
  expect(awaitedLeaseFindings(hosts, writer)).toEqual(expected.map((one) => expect.objectContaining(one)));
});
