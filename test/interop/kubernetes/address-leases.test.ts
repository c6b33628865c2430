import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addressLeaseObject, addressLeases } from '../../../src/delivery/kubernetes/records/address-lease.ts';
import { ApiFailure } from '../../../src/kubernetes-api/api-failure.ts';
import { collectionPath } from '../../../src/kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { LeasingReplica } from './leasing-replica.ts';

let kubernetes: KubernetesServer;
let api: ApiServer;
let replicas: LeasingReplica[] = [];

beforeAll(async () => {
  kubernetes = await KubernetesServer.start();
  api = await kubernetes.access();
  const { code, stderr } = await kubernetes.kubectl([
    'apply',
    '--server-side',
    '-f',
    path.resolve(import.meta.dirname, '../../../crds/address-lease.yaml'),
  ]);
  expect([code, stderr]).toEqual([0, '']);
  await kubernetes.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
});
afterAll(async () => {
  api?.close();
  await kubernetes?.stop();
});
afterEach(async () => {
  for (const replica of replicas.splice(0)) await replica.stop();
  await api.send({ method: 'DELETE', path: collectionPath(addressLeases) });
});

async function replica(isWriter: boolean, hosts: readonly string[], server: ApiServer = api): Promise<LeasingReplica> {
  const started = await LeasingReplica.start(server, isWriter, hosts);
  replicas = [...replicas, started];
  await started.settled();
  return started;
}

/** Two of which the first writes, with the same hosts. */
async function pair(...hosts: readonly string[]): Promise<readonly [LeasingReplica, LeasingReplica]> {
  const writer = await replica(true, hosts);
  return [writer, await replica(false, hosts)];
}

const listed = async (columns: string): Promise<readonly string[]> => {
  const { stdout } = await kubernetes.kubectl(['get', 'vip', '--no-headers', '-o', `custom-columns=${columns}`]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).join(' '));
};

/** As somebody who is no control plane writes one. */
async function leaseBy(stranger: string, ipv4: string, ipv6?: string): Promise<void> {
  const both = ipv6 === undefined ? { ipv4 } : { ipv4, ipv6 };
  const lease = { key: `shop/${stranger}`, ...both, state: 'bound', since: Date.now() } as const;
  const { metadata: _, ...rest } = JSON.parse(JSON.stringify(addressLeaseObject(lease, '')));
  await api.send({
    method: 'POST',
    path: collectionPath(addressLeases),
    body: { ...rest, metadata: { name: ipv4.replaceAll('.', '-') } },
  });
}

describe('virtual IPs of a cluster', () => {
  it('are objects that kubectl shows, the same for every replica, and stay when another one writes', async () => {
    const [first, second] = await pair('a.mesh', 'b.mesh');
    const { 'a.mesh': a = '', 'b.mesh': b = '' } = first.addresses();
    expect(a).toMatch(/^240\.241\./);
    expect(second.addresses()).toEqual(first.addresses());
    expect((await listed('N:.metadata.name,H:.spec.host,S:.spec.state')).toSorted()).toEqual(
      [`${a.replaceAll('.', '-')} a.mesh Bound`, `${b.replaceAll('.', '-')} b.mesh Bound`].toSorted(),
    );
    first.writership.tell(false);
    second.writership.tell(true);
    second.want('c.mesh');
    first.want('c.mesh');
    await expect.poll(() => Object.keys(first.addresses())).toHaveLength(3);
    expect(first.addresses()).toMatchObject({ 'a.mesh': a, 'b.mesh': b });
    expect(second.addresses()).toEqual(first.addresses());
  });

  it('are there again after all replicas were restarted, and become tombstones when their hosts are gone', async () => {
    const before = await replica(true, ['a.mesh', 'b.mesh']);
    const addresses = before.addresses();
    await before.stop();
    const after = await replica(true, ['a.mesh']);
    expect(after.addresses()).toEqual({ 'a.mesh': addresses['a.mesh'] });
    await expect.poll(() => listed('H:.spec.host,S:.spec.state')).toContain('b.mesh Tombstone');
    after.want('b.mesh');
    await expect.poll(() => after.addresses()).toEqual(addresses);
    await expect.poll(() => listed('H:.spec.host,S:.spec.state')).toContain('b.mesh Bound');
  });

  it('are known to a replica before its hosts are, so that what follows from a host is derived once', async () => {
    const hosts = ['a.mesh', 'b.mesh'];
    const writer = await replica(true, hosts);
    const late = await LeasingReplica.startBeforeHosts(api, hosts);
    replicas = [...replicas, late];
    await late.settled();
    expect(late.addresses()).toEqual(writer.addresses());
    expect(late.lastBatchOf('mesh services')).toBe(late.lastBatchOf('resources ServiceEntry'));
    expect(writer.lastBatchOf('mesh services')).toBeGreaterThan(writer.lastBatchOf('resources ServiceEntry') ?? 0);
  });

  it('that somebody deleted with kubectl stay in force, and are written again at the same address', async () => {
    const [first, second] = await pair('a.mesh');
    const addresses = first.addresses();
    const name = addresses['a.mesh']?.replaceAll('.', '-') ?? '';
    const uid = (await listed('U:.metadata.uid'))[0];
    expect(await kubernetes.kubectl(['delete', 'addresslease', name])).toMatchObject({ code: 0 });
    await expect
      .poll(async () => (await listed('N:.metadata.name,U:.metadata.uid'))[0])
      .toMatch(new RegExp(`^${name} (?!${uid})`));
    expect([first.addresses(), second.addresses()]).toEqual([addresses, addresses]);
  });

  it('that somebody deleted all at once are all written again at the same addresses', async () => {
    const hosts = Array.from({ length: 40 }, (_, at) => `h${at}.mesh`);
    const [first] = await pair(...hosts);
    const names = Object.values(first.addresses()).map((address) => address?.replaceAll('.', '-'));
    for (const _ of [1, 2]) {
      const before = await listed('U:.metadata.uid');
      expect(await kubernetes.kubectl(['delete', 'addressleases', '--all'])).toMatchObject({ code: 0 });
      await expect.poll(async () => (await listed('N:.metadata.name')).toSorted()).toEqual(names.toSorted());
      expect((await listed('U:.metadata.uid')).filter((uid) => before.includes(uid))).toEqual([]);
    }
  });

  it('that somebody leased in the very moment are not given twice: the host gets another', async () => {
    const taken = { address: '' };
    const racing: ApiServer = {
      ...bound(api),
      send: async (change, signal) => {
        const name = /"name":"(240-241-[\d-]+)"/.exec(JSON.stringify(change.body ?? {}))?.[1];
        if (change.method === 'POST' && name !== undefined && taken.address === '') {
          taken.address = name.replaceAll('-', '.');
          await leaseBy('stranger.mesh', taken.address);
        }
        return api.send(change, signal);
      },
    };
    const writer = await replica(true, ['a.mesh'], racing);
    await expect.poll(() => writer.addresses()['a.mesh']).toBeDefined();
    expect(writer.addresses()).toEqual({
      'a.mesh': expect.not.stringMatching(taken.address),
      'stranger.mesh': taken.address,
    });
    expect((await listed('H:.spec.host')).toSorted()).toEqual(['a.mesh', 'stranger.mesh']);
    // Nobody here wrote it, and nobody here changes it, though there is no such host.
    expect(await listed('H:.spec.host,S:.spec.state')).toContain('stranger.mesh Bound');
  });

  it('of other hosts are written in the same go, where the server refuses that of one', async () => {
    const refusals: string[] = [];
    let refusalsBeforeLast = 0;
    const refusing: ApiServer = {
      ...bound(api),
      send: async (change, signal) => {
        const host = /"host":"([^"]+)"/.exec(JSON.stringify(change.body ?? {}))?.[1] ?? '';
        if (host === 'h1.mesh') {
          refusals.push(host);
          throw new ApiFailure('a policy says no', { status: 422 });
        }
        refusalsBeforeLast = refusals.length;
        return api.send(change, signal);
      },
    };
    const hosts = Array.from({ length: 80 }, (_, at) => `h${at}.mesh`);
    const writer = await replica(true, hosts, refusing);
    await expect.poll(async () => (await listed('H:.spec.host')).length).toBe(79);
    expect(refusalsBeforeLast).toBe(1);
    expect(writer.codes()).toContain('ISTH1502');
    expect(writer.addresses()).not.toHaveProperty(['h1.mesh']);
  });

  it('of a host with two leases are those of the older, for every replica, and it is said', async () => {
    const [first, second] = await pair('a.mesh');
    const addresses = first.addresses();
    await leaseBy('a.mesh', '240.241.77.77');
    await expect.poll(() => second.codes()).toContain('ISTH1504');
    await expect.poll(() => first.codes()).toContain('ISTH1504');
    expect([first.addresses(), second.addresses()]).toEqual([addresses, addresses]);
  });

  it('are of one host each: another lease of its IPv6 address does not count, and its host gets another', async () => {
    const [first, second] = await pair('a.mesh');
    const [ipv6 = ''] = await listed('V:.spec.ipv6');
    const addresses = first.addresses();
    await leaseBy('b.mesh', '240.241.77.77', ipv6);
    await expect.poll(() => [first.codes(), second.codes()]).toEqual([['ISTH1504'], ['ISTH1504']]);
    first.want('b.mesh');
    second.want('b.mesh');
    await expect.poll(() => first.addresses()['b.mesh']).toMatch(/^240\.241\.(?!77\.77$)/);
    await expect.poll(() => second.addresses()).toEqual(first.addresses());
    expect(first.addresses()).toMatchObject(addresses);
    expect(new Set(await listed('H:.spec.host,V:.spec.ipv6')).size).toBe(3);
  });

  it.each([
    ['240.241.300.1', undefined],
    ['240.241.0.06', undefined],
    ['240.241.0.6', ':::::'],
    ['240.241.0.6', '2001:0002::1'],
  ])('that are none are not even taken by the API server: %s %s', async (ipv4, ipv6) => {
    await expect(leaseBy('a.mesh', ipv4, ipv6)).rejects.toThrow('spec.ipv');
  });

  it('do not move by hand while their host is there, and the API server says why', async () => {
    const writer = await replica(true, ['a.mesh']);
    const name = writer.addresses()['a.mesh']?.replaceAll('.', '-') ?? '';
    const patch = async (spec: object) =>
      (await kubernetes.kubectl(['patch', 'vip', name, '--type=merge', '-p', JSON.stringify({ spec })])).stderr;
    expect(await patch({ ipv6: '2001:2:1::77' })).toContain('the address of a host does not move');
    expect(await patch({ host: 'other.mesh' })).toContain("a lease stays its host's");
    expect(await patch({ ipv4: '240.241.7.7' })).toContain('must be named after spec.ipv4');
  });

  it('stay in force while the API server is away; new hosts wait, which is said, and get theirs when it is back', async () => {
    const [first, second] = await pair('a.mesh');
    const addresses = first.addresses();
    await kubernetes.kill();
    first.want('b.mesh');
    second.want('b.mesh');
    await expect.poll(() => first.codes()).toContain('ISTH1502');
    await expect
      .poll(() => second.messages())
      .toContain('1 host (shop/b.mesh): the other one is to write their AddressLeases.');
    expect([first.addresses(), second.addresses()]).toEqual([addresses, addresses]);
    await kubernetes.restart();
    await expect.poll(() => Object.keys(second.addresses())).toEqual(['a.mesh', 'b.mesh']);
    expect(second.addresses()).toEqual(first.addresses());
    expect(second.addresses()).toMatchObject(addresses);
    await expect.poll(() => [...first.codes(), ...second.codes()]).toEqual([]);
  });

  it('are given to a thousand new hosts at once', async () => {
    const writer = await replica(true, []);
    const hosts = Array.from({ length: 1000 }, (_, at) => `host-${at}.mesh`);
    writer.want(...hosts);
    await expect.poll(() => Object.keys(writer.addresses()).length).toBe(1000);
    expect(new Set(Object.values(writer.addresses())).size).toBe(1000);
    expect(await listed('N:.metadata.name')).toHaveLength(1000);
  });
});

function bound(server: ApiServer): ApiServer {
  return {
    get: (where, signal) => server.get(where, signal),
    send: (change, signal) => server.send(change, signal),
    stream: (where, idleMs, signal) => server.stream(where, idleMs, signal),
    close: () => server.close(),
  };
}
