/** A registry in a cluster: what is registered there appears as ServiceEntries, which outlive whoever wrote them. */
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../../src/kubernetes-api/plain-fields.ts';
import { runIsthmus } from '../../e2e/isthmus-process.ts';
import { EtcdServer } from '../../peers/etcd/etcd-server.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { startCluster, startReplica, systemNamespace } from './running-replicas.ts';

interface Shown {
  readonly uid: string;
  readonly version: string;
  readonly addresses: unknown;
  readonly endpoints: readonly string[];
}

describe('a registry that is bridged into a cluster', () => {
  let kubernetes: KubernetesServer;
  let api: ApiServer;
  let registry: EtcdServer;

  beforeAll(async () => {
    registry = await EtcdServer.start();
    kubernetes = await startCluster();
    api = await kubernetes.access();
    for (const name of ['legacy', 'istio-system']) await kubernetes.kubectl(['create', 'namespace', name]);
    for (const n of [1, 2]) await registry.put(provider('com.Orders', n), '');
    await registry.put(provider('com.Stock', 3), '');
    await kubernetes.apply(`apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: legacy }
spec: { type: Etcd, addresses: ['${registry.addresses[0]}'], safety: { grace: 1s } }
`);
  });
  afterAll(async () => {
    api?.close();
    await kubernetes?.stop();
    await registry?.stop();
  });

  const shown = async (): Promise<Readonly<Record<string, Shown>>> => {
    const items = fieldOf(await api.get('/apis/networking.istio.io/v1/serviceentries'), 'items');
    const objects: readonly unknown[] = Array.isArray(items) ? items : [];
    return Object.fromEntries(objects.map((object) => [hostIn(object), shownOf(object)]));
  };
  const endpoints = async () =>
    Object.values(await shown())
      .map((one) => one.endpoints.join(' '))
      .sort();
  /** All that is kept of registries, for those who start while one is away. */
  const records = async (): Promise<string> => {
    const items = fieldOf(await api.get(`/api/v1/namespaces/${systemNamespace}/configmaps`), 'items');
    const kept = (Array.isArray(items) ? items : []).map((one: unknown) =>
      textOf(fieldOf(one, 'binaryData'), 'records'),
    );
    return kept.map((text) => (text === undefined ? '' : String(gunzipSync(Buffer.from(text, 'base64'))))).join('');
  };

  const all = ['10.0.0.1 10.0.0.2', '10.0.0.3'];

  it('appears as ServiceEntries with virtual addresses, each changed alone, and says that it is seen', async () => {
    await startReplica(kubernetes);
    await expect.poll(endpoints).toEqual(all);
    for (const { addresses } of Object.values(await shown())) expect(addresses).toHaveLength(2);
    const parameters = ['wait', '--for=condition=Synced', '--timeout=60s', 'serviceregistry/legacy'];
    expect(await kubernetes.kubectl(parameters)).toMatchObject({ code: 0 });
    const before = await shown();
    await registry.put(provider('com.Stock', 4), '');
    await expect.poll(endpoints).toEqual(['10.0.0.1 10.0.0.2', '10.0.0.3 10.0.0.4']);
    const changed = Object.entries(await shown()).filter(([host, { version }]) => before[host]?.version !== version);
    expect(changed.map(([host]) => host)).toHaveLength(1);
    await registry.delete(provider('com.Stock', 4));
    await expect.poll(endpoints).toEqual(all);
    // It is killed at the end of the test: a change that follows another one within seconds is kept a moment later.
    await expect.poll(records).not.toContain('10.0.0.4');
  });

  it('that is gone while a control plane starts loses nothing, moves no address, and goes on when it is back', async () => {
    const before = await shown();
    expect(Object.keys(before)).toHaveLength(2);
    await registry.kill();
    // It waits for no registry that it knows: with such a wait this would not end.
    const { admin } = await startReplica(kubernetes, ['--registry-wait', '3600']);
    const address = Object.values(before).flatMap((one) => one.addresses)[0];
    // A new object is written: by then all that is not there would be gone.
    await kubernetes.apply(`apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: new, namespace: shop }
spec:
  hosts: [new.shop.mesh]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: cache, namespace: shop }
spec:
  hosts: [cache.shop.mesh]
  addresses: [10.9.0.1]
  ports: [{ number: 6379, name: tcp-redis, protocol: TCP }]
  resolution: STATIC
`);
    const leases = async () => (await kubernetes.kubectl(['get', 'addressleases', '-o', 'yaml'])).stdout;
    await expect.poll(leases).toContain('new.shop.mesh');
    // What is wanted besides is written: one registry holds nothing else up.
    const filters = async () => (await kubernetes.kubectl(['get', 'envoyfilters', '-A', '-o', 'name'])).stdout;
    await expect.poll(filters).toContain('outbound-cache.shop.mesh-6379');
    const listed = await runIsthmus(['writes', 'list', '--admin', admin]);
    expect(listed.stderr).toContain('Nothing is deleted until every kind and every registry is seen');
    const checked = async () => (await runIsthmus(['check', '--kubeconfig', kubernetes.kubeconfig()])).stdout;
    await expect.poll(checked, { timeout: 20_000 }).toContain('Nothing is deleted until every kind and every registry');
    expect(await leases()).toContain(String(Array.isArray(address) ? address[0] : address));
    const { 'new.shop.mesh': _, 'cache.shop.mesh': __, ...after } = await shown();
    expect(after).toEqual(before);
    await registry.restart();
    await kubernetes.kubectl(['delete', 'serviceentry', '-n', 'shop', 'new', 'cache']);
    // What leaves it while it is seen is removed, and nothing else; a service that goes as a whole, when somebody says so.
    await registry.delete(provider('com.Orders', 2));
    await expect.poll(endpoints).toEqual(['10.0.0.1', '10.0.0.3']);
    await registry.delete(provider('com.Stock', 3));
    const release = async () =>
      (await fetch(`http://${admin}/api/v1/registries/legacy/release`, { method: 'POST' })).text();
    await expect.poll(release).toContain('com.Stock');
    await expect.poll(endpoints).toEqual(['10.0.0.1']);
  });
});

/** As Dubbo registers a provider. */
function provider(name: string, n: number): string {
  const url = `dubbo://10.0.0.${n}:20880/${name}?interface=${name}&application=shop`;
  return `/dubbo/${name}/providers/${encodeURIComponent(url)}`;
}

function hostIn(object: unknown): string {
  const hosts = fieldOf(fieldOf(object, 'spec'), 'hosts');
  return Array.isArray(hosts) ? String(hosts[0]) : '';
}

function shownOf(object: unknown): Shown {
  const metadata = fieldOf(object, 'metadata');
  const spec = fieldOf(object, 'spec');
  const endpoints = fieldOf(spec, 'endpoints');
  return {
    uid: textOf(metadata, 'uid') ?? '',
    version: textOf(metadata, 'resourceVersion') ?? '',
    addresses: fieldOf(spec, 'addresses'),
    endpoints: (Array.isArray(endpoints) ? endpoints : []).map((one: unknown) => textOf(one, 'address') ?? ''),
  };
}
