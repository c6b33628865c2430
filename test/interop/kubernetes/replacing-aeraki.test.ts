/**
 * A whole replacement of Aeraki and of dubbo2istio, from what they left to a cluster that is ours, as docs/migrate-from-aeraki.md
 * has it: by the commands and the program that users have, in two replicas, of which one is killed half-way. With a real istiod,
 * where one is built, whose every word to a caller, to a workload and to a gateway is looked at meanwhile.
 */
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listenerType } from '../../../src/delivery/xds/resources/resource-types.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../../src/kubernetes-api/plain-fields.ts';
import { type Outcome, runIsthmus } from '../../e2e/isthmus-process.ts';
import { EtcdServer } from '../../peers/etcd/etcd-server.ts';
import { Istiod } from '../../peers/istio/istiod.ts';
import { IstiodClient, type ProxyPlace } from '../../peers/istio/istiod-client.ts';
import { AuditLog } from '../../peers/kubernetes/audit-log.ts';
import { istioDefinitions } from '../../peers/kubernetes/istio-definitions.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { bridgedEntry, gatewayObjects, serviceFilters, surroundings, userEntry } from './aeraki-leftovers.ts';
import { isIstiodBuilt } from './istiod-scene.ts';
import { isWriter, startReplica } from './running-replicas.ts';

const isIstioBuilt = isIstiodBuilt();

const stock = { host: 'stock.shop.mesh', address: '240.240.0.1', port: 9090 };
const orders = { host: 'com.orders', address: '240.240.0.2', port: 20880 };
/** As Aeraki sets sidecars up: they say nothing of themselves. */
const caller: ProxyPlace = { role: 'sidecar', address: '10.9.0.1', name: 'web-1', namespace: 'pay', labels: {} };
const workload: ProxyPlace = {
  role: 'sidecar',
  address: '10.9.0.2',
  name: 'stock-1',
  namespace: 'shop',
  labels: { app: 'stock' },
};
const gateway: ProxyPlace = {
  role: 'router',
  address: '10.9.0.3',
  name: 'edge-1',
  namespace: 'edge',
  labels: { istio: 'edge' },
};

const manifests = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: edge }
spec:
  selector: { istio: edge }
  servers: [{ port: { number: ${stock.port}, name: tcp-metaprotocol-dubbo, protocol: TCP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: stock-1, namespace: shop }
spec: { address: ${workload.address}, labels: { app: stock } }
---
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: ApplicationProtocol
metadata: { name: dubbo, namespace: shop }
spec: { protocol: dubbo, codec: aeraki.meta_protocol.codec.dubbo }
---
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: stock, namespace: shop }
spec:
  hosts: [${stock.host}]
  gateways: [edge/edge]
  routes: [{ name: all, route: [{ destination: { host: ${stock.host}, port: { number: ${stock.port} } } }] }]
---
apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { istio: { metaProtocolProxies: { all: true } } }
`;

const log = new AuditLog();
let kubernetes: KubernetesServer;
let registry: EtcdServer;
let api: ApiServer;
let istiod: Istiod | undefined;
const clients: IstiodClient[] = [];

const namespace = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'istio-injection': 'enabled' } },
});

beforeAll(async () => {
  registry = await EtcdServer.start();
  kubernetes = await KubernetesServer.start({ parameters: log.parameters() });
  api = await kubernetes.access();
  if (isIstioBuilt) istiod = await Istiod.start(kubernetes);
  else await kubernetes.apply(istioDefinitions());
  await kubernetes.applyDefinitions(path.resolve(import.meta.dirname, '../../../crds'));
  const names = ['istio-system', 'isthmus-system', 'shop', 'pay', 'edge'];
  await kubernetes.apply(names.map((name) => JSON.stringify(namespace(name))).join('\n---\n'));
  const left = [
    bridgedEntry(orders, ['10.0.0.1']),
    userEntry(stock),
    ...serviceFilters(stock, 'stock'),
    ...serviceFilters(orders, 'orders'),
    ...gatewayObjects(stock, 'edge/edge', gateway.labels),
  ];
  await kubernetes.apply(manifests);
  const create = ['create', '--field-manager=Aeraki', '-f', '-'];
  const text = [...left, ...surroundings].map((one) => JSON.stringify(one)).join('\n---\n');
  expect(await kubernetes.kubectl(create, text)).toMatchObject({ code: 0 });
});

afterAll(async () => {
  for (const client of clients) client.close();
  await istiod?.stop();
  api?.close();
  await kubernetes?.stop();
  await registry?.stop();
  log.remove();
});

const adopt = (...parameters: readonly string[]): Promise<Outcome> =>
  runIsthmus(['adopt', '--kubeconfig', kubernetes.kubeconfig(), ...parameters]);

const collections = {
  entries: '/apis/networking.istio.io/v1/serviceentries',
  filters: '/apis/networking.istio.io/v1alpha3/envoyfilters',
  routes: '/apis/networking.istio.io/v1/virtualservices',
  leases: '/apis/isthmus.dev/v1alpha1/addressleases',
  configMaps: '/api/v1/namespaces/shop/configmaps',
} as const;

const listOf = async (from: keyof typeof collections): Promise<readonly unknown[]> => {
  const items = fieldOf(await api.get(collections[from]), 'items');
  return Array.isArray(items) ? items : [];
};

const nameOf = (object: unknown): string => textOf(fieldOf(object, 'metadata'), 'name') ?? '';

const isOf = (object: unknown, label: string, value: string): boolean =>
  textOf(fieldOf(fieldOf(object, 'metadata'), 'labels'), label) === value;

/** Addresses that a host has, by whichever object says so. */
const addressesOf = async (host: string): Promise<readonly string[]> =>
  (await listOf('entries')).flatMap((object) => {
    const spec = fieldOf(object, 'spec');
    const [hosts, addresses] = [fieldOf(spec, 'hosts'), fieldOf(spec, 'addresses')];
    const isOfHost = Array.isArray(hosts) && hosts.includes(host);
    return isOfHost && Array.isArray(addresses) ? addresses.map(String) : [];
  });

/** What was deleted since the start of all, by anybody. */
const deletions = (): readonly string[] =>
  log
    .requests()
    .filter(({ verb, responseStatus }) => verb.startsWith('delete') && (responseStatus?.code ?? 0) < 300)
    .map(({ objectRef }) => `${objectRef?.resource} ${objectRef?.name}`);

/** Names of the filters of each chain of a listener, in each answer of istiod's since the client was there. */
const seen = (client: IstiodClient, name: string, port?: number): readonly (readonly string[])[] =>
  client.history(listenerType, 'envoy.config.listener.v3.Listener').map((listeners) => {
    const chains = listeners.find((one) => one.name === name)?.filterChains ?? [];
    const own = chains.filter(
      ({ filterChainMatch }) => port === undefined || filterChainMatch?.destinationPort?.value === port,
    );
    return [...new Set(own.map(({ filters = [] }) => filters.at(-1)?.name ?? 'none'))];
  });

const filter = 'envoy.filters.network.meta_protocol_proxy';

const connect = async (place: ProxyPlace, ...listeners: readonly [string, number?][]): Promise<IstiodClient[]> => {
  if (istiod === undefined) return [];
  const client = new IstiodClient(istiod.xds, place);
  clients.push(client);
  client.ask(listenerType);
  for (const [name, port] of listeners) await expect.poll(() => seen(client, name, port).at(-1)).toEqual([filter]);
  client.forget();
  return [client];
};

const markBytes = 77_777;
/** In every listener of every proxy: whoever has it has what istiod makes of all that was written to EnvoyFilters before. */
const mark = {
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name: 'mark', namespace: 'istio-system' },
  spec: {
    configPatches: [
      {
        applyTo: 'LISTENER',
        match: { context: 'ANY' },
        patch: { operation: 'MERGE', value: { per_connection_buffer_limit_bytes: markBytes } },
      },
    ],
  },
};

/** Until istiod knows that these are gone. */
const untilUnknown = async (server: Istiod, names: readonly (string | undefined)[]): Promise<void> => {
  const known = async (): Promise<readonly unknown[]> => {
    const configs = JSON.stringify(await server.debug('configz'));
    return names.filter((name) => configs.includes(`"name":"${name}"`));
  };
  await expect.poll(known).toEqual([]);
};

const isMarked = (client: IstiodClient, name: string): boolean =>
  client
    .resources(listenerType, 'envoy.config.listener.v3.Listener')
    .some((one) => one.name === name && one.perConnectionBufferLimitBytes?.value === markBytes);

test('everything that Aeraki did is ours in the end, and no address, listener or object was missing meanwhile', async () => {
  const [calling] = await connect(caller, ['240.240.0.1_9090'], ['240.240.0.2_20880']);
  const [serving] = await connect(workload, ['virtualInbound', 9090]);
  const [entering] = await connect(gateway, ['0.0.0.0_9090']);

  // A look changes nothing.
  const before = await Promise.all([listOf('entries'), listOf('filters'), listOf('configMaps')]);
  const dry = await adopt('--dry-run');
  expect(dry).toMatchObject({ code: 0 });
  expect(dry.stdout).toMatch(/aeraki-istio-system +let it fail open/);
  expect(await Promise.all([listOf('entries'), listOf('filters'), listOf('configMaps')])).toEqual(before);
  expect(await listOf('leases')).toEqual([]);

  // Aeraki's addresses are leased before we serve anything.
  expect(await adopt('--yes')).toMatchObject({ code: 0 });
  const leased = async () =>
    Object.fromEntries((await listOf('leases')).map((one) => [nameOf(one), textOf(fieldOf(one, 'spec'), 'host')]));
  expect(await leased()).toEqual({ '240-240-0-1': stock.host, '240-240-0-2': orders.host });

  // A whole control plane beside what is left, and the registry that the bridge was for.
  const url = `dubbo://10.0.0.1:${orders.port}/com.Orders?interface=com.Orders&application=shop`;
  await registry.put(`/dubbo/com.Orders/providers/${encodeURIComponent(url)}`, '');
  await kubernetes.apply(`apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: dubbo }
spec:
  type: Etcd
  addresses: ['${registry.addresses[0]}']
  mapping: { host: '{service}', namespace: shop, protocols: { dubbo: metaprotocol-dubbo } }
`);
  const planes = await Promise.all([startReplica(kubernetes), startReplica(kubernetes)]);
  const written = async (from: keyof typeof collections) =>
    (await listOf(from)).filter((one) => isOf(one, 'app.kubernetes.io/managed-by', 'isthmus')).map(nameOf);
  await expect.poll(async () => (await written('filters')).length).toBe(4);
  await expect.poll(() => written('entries')).toHaveLength(1);
  await expect.poll(() => written('routes')).toHaveLength(1);
  expect(deletions()).toEqual([]);

  // Who goes on is the other one.
  const [killed, plane] = (await isWriter(planes[0])) ? planes : [planes[1], planes[0]];
  killed.process.kill('SIGKILL');
  await expect.poll(() => isWriter(plane)).toBe(true);

  // What is replaced by now becomes ours, and goes; what is a user's stays.
  const steps = await adopt('--yes');
  // Who registers may not say before whose workloads a filter is put: that of the bridge goes on.
  const waiting = steps.stdout.split('\n').filter((line) => / {2}(wait|refuse) {2}/.test(line));
  expect(waiting).toEqual([
    expect.stringMatching(/aeraki-inbound-com\.orders-20880 +wait +com\.orders is of a registry/),
    // Nobody keeps it: this control plane serves no sidecars.
    expect.stringMatching(/ConfigMap shop\/aeraki-bootstrap-config +wait +isthmus keeps no bootstrap/),
  ]);
  const left = async () => (await listOf('filters')).filter((one) => isOf(one, 'manager', 'Aeraki')).map(nameOf);
  await expect.poll(left).toEqual(['aeraki-inbound-com.orders-20880']);
  await expect.poll(async () => (await listOf('entries')).map(nameOf)).not.toContain('aeraki-com-orders');
  await expect.poll(async () => (await listOf('routes')).filter((one) => isOf(one, 'manager', 'Aeraki'))).toEqual([]);
  expect(deletions().toSorted()).toEqual([
    'envoyfilters aeraki-gateway-outbound-edge.edge-9090',
    'envoyfilters aeraki-inbound-stock.shop.mesh-9090',
    'envoyfilters aeraki-outbound-com.orders-240.240.0.2-20880',
    'envoyfilters aeraki-outbound-stock.shop.mesh-240.240.0.1-9090',
    'serviceentries aeraki-com-orders',
    'virtualservices aeraki-vs-edge.edge-9090',
  ]);
  expect(await addressesOf(stock.host)).toEqual([stock.address]);
  expect(await addressesOf(orders.host)).toContain(orders.address);
  expect(await leased()).toEqual({ '240-240-0-1': stock.host, '240-240-0-2': orders.host });

  // No answer of istiod's ever lacked a filter, and every one had ours alone in the end, when istiod knew of all of it.
  const gone = deletions().map((one) => one.split(' ')[1]);
  if (istiod !== undefined) await untilUnknown(istiod, gone);
  await kubernetes.apply(JSON.stringify(mark));
  for (const [client, name, port] of [
    [calling, '240.240.0.1_9090', undefined],
    [calling, '240.240.0.2_20880', undefined],
    [serving, 'virtualInbound', 9090],
    [entering, '0.0.0.0_9090', undefined],
  ] as const) {
    if (client === undefined) continue;
    await expect.poll(() => isMarked(client, name)).toBe(true);
    expect([...new Set(seen(client, name, port).map((one) => one.join(' ')))]).toEqual([filter]);
  }
  expect(istiod?.complaintsAbout('isthmus', 'com.orders', 'stock.shop.mesh') ?? []).toEqual([]);
  plane.process.kill('SIGTERM');
  expect(await plane.ended).toBe(0);
});
