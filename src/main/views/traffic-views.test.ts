import { describe, expect, it } from 'vitest';
import { serviceEntry, testMesh } from '../../mesh/mesh-fixture.ts';
import type { ProxyNode } from '../../model/proxy.ts';
import { noTraffic, type TrafficReport } from '../../model/traffic.ts';
import type { TrafficKind } from '../../model/traffic-resource.ts';
import { trafficResources } from './traffic-views.ts';

const id = (account: string, namespace = 'shop') => `spiffe://cluster.local/ns/${namespace}/sa/${account}`;

function reported(
  account: string,
  address: string,
  counts: Readonly<Record<string, number>>,
  namespace = 'shop',
): TrafficReport {
  const proxy: ProxyNode = {
    id: `${account}-node`,
    kind: 'envoy',
    namespace,
    workload: `${account}-1`,
    addresses: [address],
    labels: {},
    serviceAccount: account,
    extensions: [],
    identity: id(account, namespace),
  };
  return {
    proxy,
    clusters: new Map(Object.entries(counts).map(([name, successes]) => [name, { ...noTraffic, successes }])),
  };
}

function mesh() {
  const test = testMesh();
  const service = (name: string, address: string, port: number) =>
    serviceEntry(`shop/${name}`, {
      hosts: [`${name}.shop.mesh`],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP', targetPort: port }],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      endpoints: [{ address, labels: {}, serviceAccount: name }],
    });
  test.set(service('orders', '10.0.0.1', 8080), service('bills', '10.0.0.2', 9090));
  return test;
}

const toOrders = 'outbound|80||orders.shop.mesh';
const toBills = 'outbound|80||bills.shop.mesh';
const reports = [
  reported('orders', '10.0.0.1', { 'inbound|8080||': 10, 'inbound|1||': 1000, [toBills]: 4 }),
  reported('bills', '10.0.0.2', { 'inbound|9090||': 7 }),
  reported(
    'buyer',
    '10.0.0.9',
    { [toOrders]: 9, 'outbound|80|v2|orders.shop.mesh': 1, 'outbound|1||no.mesh': 5 },
    'town',
  ),
];

function seen(kind: TrafficKind, all: readonly TrafficReport[] = reports) {
  return trafficResources(mesh(), all, kind, undefined).map(({ name, traffic, edges }) => [
    name.name,
    traffic.successes,
    edges().map((edge) => `${edge.direction} ${edge.peer.kind} ${edge.peer.name}: ${edge.traffic.successes}`),
  ]);
}

describe('whose traffic proxies counted', () => {
  it('is that of services: at the ports where a proxy stands for them, and what callers sent them', () => {
    expect(seen('services')).toEqual([
      ['bills.shop.mesh', 7, ['from Service orders.shop.mesh: 4']],
      ['orders.shop.mesh', 10, ['from ServiceAccount buyer: 10', 'to Service bills.shop.mesh: 4']],
    ]);
  });

  it('is that of the proxies beside workloads', () => {
    expect(seen('pods')).toEqual([
      ['bills-1', 7, []],
      ['orders-1', 1010, ['to Service bills.shop.mesh: 4']],
      ['buyer-1', 0, ['to Service orders.shop.mesh: 10']],
    ]);
  });

  it('is that of namespaces', () => {
    expect(seen('namespaces')).toEqual([
      ['shop', 1017, ['from Namespace shop: 4', 'from Namespace town: 10', 'to Namespace shop: 4']],
      ['town', 0, ['to Namespace shop: 10']],
    ]);
  });

  it('is never that of a service for a proxy of another identity, wherever it says that it stands', () => {
    const thief = reported('thief', '10.0.0.1', { 'inbound|8080||': 99 });
    expect(seen('services', [thief]).map(([, successes]) => successes)).toEqual([0, 0]);
  });

  it('can be asked for by name and namespace', () => {
    const names = (namespace: string | undefined, name?: string) =>
      trafficResources(mesh(), reports, 'services', namespace, name).map((one) => one.name.name);
    expect(names('shop', 'orders.shop.mesh')).toEqual(['orders.shop.mesh']);
    expect(names('town')).toEqual([]);
  });
});
