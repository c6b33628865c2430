/** Proxies of workloads with a Sidecar of Istio, over xDS and DNS: what they are told of, and when that changes. */
import { Resolver } from 'node:dns/promises';
import { rm } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  clusterType,
  endpointType,
  listenerType,
  nameTableType,
} from '../../../src/delivery/xds/resources/resource-types.ts';
import { InProcessPlane, serviceEntry } from '../../e2e/in-process-plane.ts';
import { type Dialect, RawClient } from './raw-client.ts';

const sidecar = (name: string, app: string, ...hosts: readonly string[]): string => `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: ${name}, namespace: shop }
spec:
  ${app === '' ? '' : `workloadSelector: { labels: { app: ${app} } }`}
  egress: [{ hosts: [${hosts.map((host) => `"${host}"`).join(', ')}] }]
`;

const clusterOf = (name: string): string => `outbound|9090||${name}.shop.mesh`;

/** A proxy that takes whatever it is told, and knows what that is. */
class TellingProxy {
  readonly #client: RawClient;
  readonly #held = new Map<string, Map<string, string>>();
  #asked: readonly string[] = [];

  constructor(target: string, dialect: Dialect, app: string, address = '10.1.0.1') {
    this.#client = new RawClient(target, dialect);
    onTestFinished(() => this.#client.close());
    const labels = { structValue: { fields: { app: { stringValue: app } } } };
    const node = {
      id: `sidecar~${address}~${app}-1.shop~shop.svc.cluster.local`,
      userAgentName: 'envoy',
      metadata: { fields: { LABELS: labels, ISTIO_VERSION: { stringValue: '1.26.0' } } },
    };
    for (const typeUrl of [clusterType, listenerType, nameTableType]) this.#client.send({ node, typeUrl });
    void this.#follow();
  }

  /** Asks for endpoints by name. */
  ask(...names: readonly string[]): void {
    const resourceNames = [...names];
    this.#asked = resourceNames;
    this.#client.send({ typeUrl: endpointType, resourceNames, resourceNamesSubscribe: resourceNames });
  }

  names(typeUrl: string): readonly string[] {
    return [...(this.#held.get(typeUrl)?.keys() ?? [])].sort();
  }

  get nameTable(): string {
    return this.#held.get(nameTableType)?.get('names') ?? '';
  }

  async #follow(): Promise<void> {
    for (;;) {
      const response = await this.#client.next().catch(() => undefined);
      if (response === undefined) return;
      const { typeUrl, resources, removed } = response;
      const isDelta = this.#client.dialect === 'delta';
      const held =
        this.#client.dialect === 'delta' ? (this.#held.get(typeUrl) ?? new Map<string, string>()) : new Map();
      for (const name of removed) held.delete(name);
      for (const { name, body } of resources) held.set(isDelta ? name : nameIn(typeUrl, body), body);
      this.#held.set(typeUrl, held);
      this.#client.acknowledge(response, typeUrl === endpointType ? this.#asked : []);
    }
  }
}

/** State-of-the-world responses have names in the resources alone. */
function nameIn(typeUrl: string, body: string): string {
  if (typeUrl === nameTableType) return 'names';
  const name = typeUrl === listenerType ? /[0-9a-f.:]+_9090/ : /outbound\|9090\|\|\w+\.shop\.mesh/;
  return name.exec(body)?.[0] ?? '';
}

async function started(more: Parameters<InProcessPlane['serve']>[1] = {}) {
  const plane = await InProcessPlane.create();
  const all = ['orders', 'payments', 'stock'].map(serviceEntry);
  await plane.write('mesh.yaml', all.join('---\n'));
  await plane.write('sidecar.yaml', sidecar('web', 'web', './orders.shop.mesh'));
  const target = await (await plane.serve(['.'], more)).serving;
  return { plane, target };
}

describe.each(['delta', 'sotw'] as const)('a proxy (%s)', (dialect) => {
  test('is told of the hosts that its Sidecar names alone, by listeners, clusters and names', async () => {
    const { target } = await started();
    const [web, job] = [new TellingProxy(target, dialect, 'web'), new TellingProxy(target, dialect, 'job', '10.1.0.2')];
    await expect.poll(() => web.names(clusterType)).toEqual([clusterOf('orders')]);
    await expect.poll(() => job.names(clusterType)).toEqual(['orders', 'payments', 'stock'].map(clusterOf));
    // One of each family of its virtual IP.
    await expect.poll(() => [web.names(listenerType).length, job.names(listenerType).length]).toEqual([2, 6]);
    await expect.poll(() => web.nameTable).toContain('orders.shop.mesh');
    await expect.poll(() => job.nameTable).toContain('stock.shop.mesh');
    expect(web.nameTable).not.toMatch(/payments|stock/);
  });

  test('is not given a host outside that it asks for by name', async () => {
    const { target } = await started();
    const web = new TellingProxy(target, dialect, 'web');
    web.ask(clusterOf('stock'), clusterOf('orders'));
    await expect.poll(() => web.names(endpointType)).toEqual([clusterOf('orders')]);
  });

  test('is told at once of what a change of its Sidecar brings and takes, and others are not', async () => {
    const { plane, target } = await started();
    const [web, job] = [new TellingProxy(target, dialect, 'web'), new TellingProxy(target, dialect, 'job', '10.1.0.2')];
    const both = () => [web.names(clusterType), job.names(clusterType)];
    const whole = ['orders', 'payments', 'stock'].map(clusterOf);
    await expect.poll(both).toEqual([[clusterOf('orders')], whole]);
    await plane.write('sidecar.yaml', sidecar('web', 'web', './payments.shop.mesh', 'shop/st*'));
    await expect.poll(both).toEqual([[clusterOf('payments')], whole]);
    await expect.poll(() => web.nameTable).toContain('payments.shop.mesh');
    await expect.poll(() => web.nameTable).not.toContain('orders');
    await plane.write('sidecar.yaml', sidecar('default', '', './*.mesh', '~/*'));
    await expect.poll(both).toEqual([whole, whole]);
    await plane.write('sidecar.yaml', sidecar('default', '', '~/*'));
    await expect.poll(both).toEqual([[], []]);
    await rm(plane.at('sidecar.yaml'));
    await expect.poll(both).toEqual([whole, whole]);
    await expect.poll(() => web.nameTable).toContain('stock.shop.mesh');
  });
});

test('the workload beside it finds by DNS the same hosts, and no others', async () => {
  const dns = { dns: '127.0.0.1:0', dnsUpstream: ['127.0.0.1:1'], dnsSuffix: ['mesh'] };
  const { plane, target } = await started(dns);
  const web = new TellingProxy(target, 'delta', 'web', '127.0.0.1');
  await expect.poll(() => web.names(clusterType)).toEqual([clusterOf('orders')]);
  const resolver = new Resolver({ timeout: 20_000, tries: 2 });
  resolver.setServers([plane.plane?.dnsAddress ?? '']);
  expect(await resolver.resolve4('orders.shop.mesh')).toEqual([(await plane.leaseOf('shop/orders.shop.mesh'))?.ipv4]);
  await expect(resolver.resolve4('stock.shop.mesh')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await plane.write('sidecar.yaml', sidecar('web', 'web', '*/stock.shop.mesh'));
  await expect.poll(() => web.names(clusterType)).toEqual([clusterOf('stock')]);
  expect(await resolver.resolve4('stock.shop.mesh')).toHaveLength(1);
  await expect(resolver.resolve4('orders.shop.mesh')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});
