/** A registry, bridged into a cluster by a whole control plane: what appears there, and what becomes of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { runIsthmus } from '../../e2e/isthmus-process.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { startCluster, startReplica } from './running-replicas.ts';

const entries = '/apis/networking.istio.io/v1/namespaces/shop/serviceentries';
const host = (name: string): string => `${name}.corp.mesh`;

let kubernetes: KubernetesServer;
let api: ApiServer;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'isthmus-bridged-'));
  kubernetes = await startCluster();
  api = await kubernetes.access();
  register(...crowd(40));
  await kubernetes.apply(registry());
});
afterAll(async () => {
  api?.close();
  await kubernetes?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function registry(): string {
  return `apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: corp }
spec:
  type: Snapshot
  addresses: [${path.join(folder, 'corp.json')}]
  interval: 200ms
  mapping: { host: "{service}.corp.mesh", namespace: shop }
  safety: { grace: 0s, hold: 0s, maxLostServices: 100, maxLostInstances: 100 }
`;
}

function crowd(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `s${100 + n}`);
}

function register(...names: readonly string[]): void {
  const services = names.map((name) => ({
    namespace: 'corp',
    name,
    instances: [{ id: name, address: '10.1.0.1', ports: [{ number: 9090, protocol: 'tcp' }] }],
  }));
  writeFileSync(path.join(folder, 'corp.json'), JSON.stringify({ services }));
}

type Written = {
  readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly generation: number };
  readonly spec: object;
};

async function written(): Promise<ReadonlyMap<string, Written>> {
  const { items } = Object(await api.get(entries));
  return new Map(items.map((item: Written) => [item.metadata.name, item]));
}

async function versions(): Promise<readonly string[]> {
  return [...(await written()).values()].map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`).sort();
}

describe('services of a registry', () => {
  it('appear as ServiceEntries with their addresses, are put right, stay through a restart, and go when they may', async () => {
    const first = await startReplica(kubernetes);
    await expect.poll(async () => (await written()).size).toBe(40);
    const name = host('s100');
    const entry = (await written()).get(name);
    expect(entry).toMatchObject({
      metadata: { annotations: { 'isthmus.dev/source': 'ServiceRegistry corp' } },
      spec: { hosts: [name], addresses: expect.arrayContaining([expect.stringMatching(/^240\.241\./)]) },
    });

    // Written once, with its address.
    expect([...(await written()).values()].map(({ metadata }) => metadata.generation)).toEqual(Array(40).fill(1));

    const patch = JSON.stringify({ spec: { addresses: ['10.1.2.3'] } });
    await kubernetes.kubectl(['patch', 'serviceentry', name, '-n', 'shop', '--type=merge', '-p', patch]);
    await expect.poll(async () => (await written()).get(name)?.spec).toEqual(entry?.spec);
    await expect
      .poll(async () => (await kubernetes.kubectl(['get', 'events', '-n', 'shop'])).stdout)
      .toMatch(new RegExp(`Repaired.*${name}.*kubectl-patch changed it`));

    const before = await versions();
    first.process.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    const second = await startReplica(kubernetes, ['--hold-objects', '5', '--hold-percent', '10']);
    const admin = ['--admin', second.admin, '-o', 'json'];
    const status = async () => JSON.parse((await runIsthmus(['writes', 'list', ...admin])).stdout);
    await expect.poll(status).toMatchObject({ isWriter: true, queued: 0 });
    expect(await versions()).toEqual(before);

    // A registry that is taken away and put back: neither it nor the leases that rest meanwhile cost an object its address.
    await kubernetes.kubectl(['delete', 'serviceregistry', 'corp']);
    await expect.poll(async () => (await status()).kinds[0].held?.objects.length).toBe(40);
    const leases = async () => (await kubernetes.kubectl(['get', 'addressleases', '-o', 'yaml'])).stdout;
    await expect.poll(async () => (await leases()).match(/state: Tombstone/g)).toHaveLength(40);
    await kubernetes.apply(registry());
    await expect.poll(async () => (await leases()).match(/state: Bound/g)).toHaveLength(40);
    const kind = async () => (await status()).kinds[0];
    await expect.poll(kind).toMatchObject({ wanted: 40, owned: 40 });
    await expect.poll(async () => (await status()).queued).toBe(0);
    expect(await versions()).toEqual(before);

    register(...crowd(30));
    await expect.poll(async () => (await status()).kinds[0].held?.objects.length).toBe(10);
    const { stderr } = await runIsthmus(['writes', 'list', '--admin', second.admin]);
    expect(stderr).toMatch(/10 deletions of ServiceEntry are held until .+: isthmus writes release ServiceEntry\n/);
    expect((await written()).size).toBe(40);
    const released = await runIsthmus(['writes', 'release', 'ServiceEntry', '--admin', second.admin]);
    expect(released.stdout.trim().split('\n')).toHaveLength(10);
    await expect.poll(async () => (await written()).size).toBe(30);
    const about = ['configmap', 'isthmus-write-releases', '-n', 'isthmus-system'];
    const { stdout: described } = await kubernetes.kubectl(['describe', ...about]);
    expect(described).toMatch(/"by":"[^"]+@[^"]+".*"kind":"ServiceEntry","count":10,"objects":\["/);
    const happened = async () => (await kubernetes.kubectl(['get', 'events', '-A'])).stdout;
    await expect
      .poll(happened)
      .toMatch(/DeletionReleased +configmap\/isthmus-write-releases +.+@.+ released 10 deletions/);
    await expect.poll(happened).toMatch(/DeletionReleased +serviceentry\/.+ released its deletion with 9 of its kind/);
    second.process.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  });
});
