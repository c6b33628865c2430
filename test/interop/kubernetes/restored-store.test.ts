/** An etcd that is restored from a backup while two replicas run: versions go back, and what was written since is not there. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { objectPath } from '../../../src/kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { leases } from '../../../src/kubernetes-api/built-in-collections.ts';
import { fieldOf, textOf } from '../../../src/kubernetes-api/plain-fields.ts';
import type { RunningIsthmus } from '../../e2e/isthmus-process.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import {
  isWriter,
  leasesIn,
  service,
  startCluster,
  startReplica,
  systemNamespace,
  versionsAt,
} from './running-replicas.ts';

let kubernetes: KubernetesServer;
let api: ApiServer;
beforeAll(async () => {
  kubernetes = await startCluster();
  api = await kubernetes.access();
  await kubernetes.apply(['orders', 'stock'].map(service).join(''));
});
afterAll(async () => {
  api?.close();
  await kubernetes?.stop();
});

async function hostsAt(replica: RunningIsthmus): Promise<readonly string[]> {
  const names = Object.keys(await versionsAt(replica));
  return names.flatMap((name) => /^outbound\|.*\|(.+)\.shop\.mesh$/.exec(name)?.[1] ?? []).sort();
}

function versionOf(object: unknown): number {
  return Number(textOf(fieldOf(object, 'metadata'), 'resourceVersion'));
}

/** So many writes, which the restored versions will not have caught up with for long. Gives the version of the last. */
async function annotate(times: number): Promise<number> {
  let version = 0;
  for (let time = 0; time < times; time++) {
    const change = {
      method: 'PATCH',
      path: '/apis/networking.istio.io/v1/namespaces/shop/serviceentries/orders',
      contentType: 'application/merge-patch+json',
      body: { metadata: { annotations: { time: String(time) } } },
    } as const;
    version = versionOf(await api.send(change));
  }
  return version;
}

async function untilRenewedAfter(version: number): Promise<void> {
  const lease = objectPath(leases, { namespace: systemNamespace, name: 'isthmus' });
  await expect.poll(async () => versionOf(await api.get(lease))).toBeGreaterThan(version);
}

it('is read again by all, and written by one; what was restored is served, and no address moves', async () => {
  const both = await Promise.all([startReplica(kubernetes), startReplica(kubernetes)]);
  const untilServed = async (...hosts: readonly string[]): Promise<void> => {
    for (const replica of both) await expect.poll(async () => hostsAt(replica)).toEqual(hosts);
    await expect.poll(async () => (await Promise.all(both.map(isWriter))).filter(Boolean)).toHaveLength(1);
    const names = hosts.map((host) => `${host}.shop.mesh`);
    await expect.poll(async () => Object.keys(await leasesIn(api))).toEqual(expect.arrayContaining(names));
  };
  await untilServed('orders', 'stock');
  const before = await leasesIn(api);
  await kubernetes.kill();
  await kubernetes.etcd.keep();
  await kubernetes.restart();
  await kubernetes.apply(service('later'));
  await untilServed('later', 'orders', 'stock');
  await untilRenewedAfter(await annotate(300));
  await kubernetes.kill();
  await kubernetes.etcd.restartAsKept();
  await kubernetes.restart();
  await kubernetes.apply(service('new'));
  await untilServed('new', 'orders', 'stock');
  expect(await leasesIn(api)).toMatchObject(before);
  const told = both.map(({ log }) => log().includes('was put back to an earlier state'));
  expect(told).toEqual([true, true]);
  for (const { process } of both) process.kill('SIGTERM');
  for (const { ended } of both) expect(await ended).toBe(0);
});
