import { expect, it } from 'vitest';
import { measureVirtualIps } from './virtual-ips.bench.ts';

it('the virtual IP bench leases every host an address that no restart moves', async () => {
  expect(await measureVirtualIps(500, 3)).toMatchObject({ hosts: 500, movedAfterRestart: 0, movedAfterLoss: 0 });
});
