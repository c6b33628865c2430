import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../../src/kubernetes-api/plain-fields.ts';
import { type RunningIsthmus, temporaryFolder } from '../../e2e/isthmus-process.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { isWriter, leasesIn, rootsAt, service, startCluster, startReplica, versionsAt } from './running-replicas.ts';

let kubernetes: KubernetesServer;
let api: ApiServer;
beforeAll(async () => {
  kubernetes = await startCluster();
  api = await kubernetes.access();
  await kubernetes.apply(`${['orders', 'stock', 'users'].map(service).join('')}
apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { access: { mode: Permissive } }
`);
});
afterAll(async () => {
  api?.close();
  await kubernetes?.stop();
});

async function pair(): Promise<readonly [RunningIsthmus, RunningIsthmus]> {
  const both = await Promise.all([startReplica(kubernetes), startReplica(kubernetes)]);
  const [first, second] = both;
  await expect.poll(async () => (await Promise.all(both.map(isWriter))).filter(Boolean)).toHaveLength(1);
  return (await isWriter(first)) ? [first, second] : [second, first];
}

async function stop(...replicas: readonly RunningIsthmus[]): Promise<void> {
  for (const { process } of replicas) process.kill('SIGTERM');
  for (const { ended } of replicas) expect(await ended).toBe(0);
}

const one = (name: string): object => {
  const ports = [{ number: 8080, protocol: 'grpc' }];
  return { namespace: 'prod', name, instances: [{ id: '1', address: '10.1.0.1', ports }] };
};

/** First labels of the hosts of ServiceEntries in a namespace. */
async function entriesIn(namespace: string): Promise<readonly string[]> {
  const items = fieldOf(await api.get(`/apis/networking.istio.io/v1/namespaces/${namespace}/serviceentries`), 'items');
  const hosts = (Array.isArray(items) ? items : []).map((entry: unknown) => fieldOf(fieldOf(entry, 'spec'), 'hosts'));
  return hosts.map((names: unknown) => String(names).split('.')[0] ?? '').sort();
}

/** Services that a replica holds, of the one registry that there is. */
async function heldAt({ admin }: RunningIsthmus): Promise<readonly string[]> {
  const statuses: unknown = await (await fetch(`http://${admin}/api/v1/registries`)).json();
  const held = fieldOf(Array.isArray(statuses) ? statuses[0] : undefined, 'held');
  const services = (Array.isArray(held) ? held : []).map((deletion: unknown) => textOf(deletion, 'service') ?? '');
  return services.map((key) => key.split('/').at(-1) ?? '').sort();
}

async function release({ admin }: RunningIsthmus): Promise<{ readonly status: number; readonly text: string }> {
  const url = `http://${admin}/api/v1/registries/moved/release?service=${encodeURIComponent('moved/prod//goes')}`;
  const answer = await fetch(url, { method: 'POST' });
  return { status: answer.status, text: await answer.text() };
}

/** New hosts that are leased, beside those that were: no lease went, or moved. */
async function untilLeased(host: string, before: Readonly<Record<string, string>>): Promise<void> {
  await expect.poll(() => leasesIn(api)).toHaveProperty([host]);
  expect(await leasesIn(api)).toMatchObject(before);
}

describe('two replicas', () => {
  it('that start together on an empty cluster serve the same versions, by one root, and again after a restart', async () => {
    const [writer, other] = await pair();
    const versions = await versionsAt(writer);
    expect(Object.keys(versions).join('\n')).toContain('orders.shop.mesh');
    await expect.poll(() => versionsAt(other)).toEqual(versions);
    const roots = await rootsAt(writer);
    expect(roots).toHaveLength(1);
    expect(await rootsAt(other)).toEqual(roots);
    const leases = await leasesIn(api);
    const told = ['get', 'events', '-n', 'isthmus-system', '--field-selector', 'reason=LeaderElection', '-o', 'name'];
    await expect.poll(async () => (await kubernetes.kubectl(told)).stdout.trim().split('\n')).toHaveLength(1);
    await stop(other, writer);
    const both = await pair();
    for (const replica of both) expect([await versionsAt(replica), await rootsAt(replica)]).toEqual([versions, roots]);
    expect(await leasesIn(api)).toEqual(leases);
    await stop(...both);
  });

  it('lose nothing when the one that writes is killed: the other writes on, and no address moves', async () => {
    const [writer, other] = await pair();
    const before = await leasesIn(api);
    const versions = await versionsAt(other);
    writer.process.kill('SIGKILL');
    await kubernetes.apply(service('late'));
    await untilLeased('late.shop.mesh', before);
    expect(await versionsAt(other)).toMatchObject(versions);
    const restarted = await startReplica(kubernetes);
    expect(await versionsAt(restarted)).toEqual(await versionsAt(other));
    await stop(restarted, other);
  });

  it('serve what a registry said last, though it is away and both were started anew', async () => {
    const snapshot = path.join(await temporaryFolder(), 'registry.json');
    const instances = [{ id: '1', address: '10.1.0.1', ports: [{ number: 8080, protocol: 'grpc' }] }];
    await writeFile(snapshot, JSON.stringify({ services: [{ namespace: 'prod', name: 'old', instances }] }));
    const both = await pair();
    await kubernetes.apply(`apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: legacy }
spec: { type: Snapshot, addresses: [${snapshot}], interval: 100ms }
`);
    for (const one of both)
      await expect.poll(async () => Object.keys(await versionsAt(one)).join()).toContain('|8080|');
    const versions = await versionsAt(both[0]);
    await expect.poll(() => versionsAt(both[1])).toEqual(versions);
    const before = await leasesIn(api);
    await stop(...both);
    await rm(snapshot);
    const again = await pair();
    for (const one of again) expect(await versionsAt(one)).toEqual(versions);
    expect(await leasesIn(api)).toEqual(before);
    await stop(...again);
    await kubernetes.kubectl(['delete', 'serviceregistry', 'legacy']);
  });

  it('let go of what was released at the one that writes, and of nothing else, though that one is killed', async () => {
    const snapshot = path.join(await temporaryFolder(), 'registry.json');
    const register = (...names: readonly string[]) => writeFile(snapshot, JSON.stringify({ services: names.map(one) }));
    await register('stays', 'goes', 'waits');
    await kubernetes.kubectl(['create', 'namespace', 'moved']);
    await kubernetes.apply(`apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: moved }
spec: { type: Snapshot, addresses: [${snapshot}], interval: 100ms, safety: { grace: 1s, hold: 1h } }
`);
    const [writer, other] = await pair();
    await expect.poll(() => entriesIn('moved')).toEqual(['goes', 'stays', 'waits']);
    await register('stays');
    for (const replica of [writer, other]) await expect.poll(() => heldAt(replica)).toEqual(['goes', 'waits']);
    expect(await release(other)).toMatchObject({
      status: 409,
      text: expect.stringContaining('ask the replica that writes'),
    });
    expect(await heldAt(writer)).toEqual(['goes', 'waits']);
    expect(await release(writer)).toEqual({ status: 200, text: '{"released":["moved/prod//goes"]}' });
    await expect.poll(() => entriesIn('moved')).toEqual(['stays', 'waits']);
    await expect.poll(() => heldAt(other)).toEqual(['waits']);
    writer.process.kill('SIGKILL');
    const started = await startReplica(kubernetes);
    await register('stays', 'comes');
    await expect.poll(() => entriesIn('moved')).toEqual(['comes', 'stays', 'waits']);
    for (const replica of [other, started]) await expect.poll(() => heldAt(replica)).toEqual(['waits']);
    await stop(started, other);
    await kubernetes.kubectl(['delete', 'serviceregistry', 'moved']);
  });

  it('go on when the one that writes stands still, and it writes no more when it goes on', async () => {
    const [writer, other] = await pair();
    const before = await leasesIn(api);
    writer.process.kill('SIGSTOP');
    await kubernetes.apply(service('meanwhile'));
    await untilLeased('meanwhile.shop.mesh', before);
    const after = await leasesIn(api);
    writer.process.kill('SIGCONT');
    await expect.poll(() => isWriter(writer)).toBe(false);
    expect(await isWriter(other)).toBe(true);
    await kubernetes.apply(service('later'));
    await untilLeased('later.shop.mesh', after);
    await expect.poll(() => versionsAt(writer)).toEqual(await versionsAt(other));
    await stop(writer, other);
  });

  it('serve on while the API server stands still, and write what is new once when it goes on', async () => {
    const [writer, other] = await pair();
    const before = await leasesIn(api);
    const versions = await versionsAt(writer);
    kubernetes.freeze();
    await expect.poll(() => isWriter(writer)).toBe(false);
    expect(await versionsAt(writer)).toEqual(versions);
    expect(await versionsAt(other)).toEqual(versions);
    kubernetes.thaw();
    await kubernetes.apply(service('thawed'));
    await untilLeased('thawed.shop.mesh', before);
  });
});
