/**
 * Test program: a lease keeper that binds and releases hosts without end, and says which leases are shown. It prints a line
 * a lease only after the keeper has shown it, so that whatever was printed must be found after a kill.
 */
import { writeSync } from 'node:fs';
import { Engine } from '../../src/collections/engine.ts';
import { LeaseJournal } from '../../src/delivery/files/lease-journal.ts';
import { NodeStateFolder } from '../../src/delivery/files/state-folder.ts';
import { LeaseKeeper } from '../../src/delivery/lease-keeper.ts';
import { VirtualIps } from '../../src/mesh/virtual-ips/virtual-ips.ts';
import type { ServiceKey } from '../../src/model/service.ts';
import type { VirtualIpLease } from '../../src/model/virtual-ip.ts';

const [path = '', run = '0'] = process.argv.slice(2);
const engine = new Engine();
const claims = engine.table<{ readonly key: ServiceKey }>('claims', { key: (claim) => claim.key });
const leases = engine.table<VirtualIpLease>('leases', { key: (lease) => lease.key });
const addressless = engine.table<ServiceKey>('addressless', { key: (key) => key });
const keeper = new LeaseKeeper({
  store: await LeaseJournal.open(new NodeStateFolder(path)),
  createBook: (known) => new VirtualIps({ ipv4: ['127.241.0.0/16'], ipv6: ['fd00::/64'], quarantine: 0 }, known),
  leases,
  addressless,
  batch: (change) => engine.batch(change),
});
engine.batch(() => claims.setState('live'));
engine.sink(leases, (diff) => {
  const lines = diff.map(({ after }) =>
    after === undefined ? '' : `${after.key} ${after.ipv4} ${after.ipv6} ${after.state}\n`,
  );
  writeSync(1, lines.join(''));
});
engine.sink(claims, keeper.acceptClaims);
for (let round = 0; ; round++) {
  engine.batch(() => {
    for (let at = 0; at < 20; at++) claims.set({ key: `ns/run-${run}-${round}-${at}` });
    if (round > 2) for (let at = 0; at < 10; at++) claims.delete(`ns/run-${run}-${round - 3}-${at}`);
  });
  await keeper.settled();
}
