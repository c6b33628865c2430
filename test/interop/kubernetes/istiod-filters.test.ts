/** Each filter that we give Istio, as a real istiod puts it into a sidecar or a gateway. Needs one that was built. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterType, listenerType } from '../../../src/delivery/xds/resources/resource-types.ts';
import { toJson } from '../../../src/xds-api/proto-json.ts';
import type { IstiodClient, ProxyPlace } from '../../peers/istio/istiod-client.ts';
import { filtersOf, IstiodScene, isIstiodBuilt, toldToIstio } from './istiod-scene.ts';

const caller: ProxyPlace = {
  role: 'sidecar',
  address: '10.9.0.1',
  name: 'web-1',
  namespace: 'pay',
  labels: { app: 'web' },
  metadata: { ISTHMUS_SECRET_cache: 'true' },
};
const server: ProxyPlace = {
  ...caller,
  address: '10.9.0.2',
  name: 'store-1',
  namespace: 'shop',
  labels: { app: 'store' },
};
const gateway: ProxyPlace = {
  role: 'router',
  address: '10.9.0.3',
  name: 'edge-1',
  namespace: 'istio-system',
  labels: { istio: 'edge' },
  metadata: { ISTHMUS_PROXY_KIND: 'istio-sidecar' },
};

const store = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: store, namespace: shop }
spec:
  hosts: [store.shop.mesh]
  addresses: [240.241.0.9]
  ports:
    - { number: 80, name: http, protocol: HTTP }
    - { number: 9090, name: tcp-thrift, protocol: TCP, targetPort: 9091 }
    - { number: 20880, name: tcp-dubbo, protocol: TCP, targetPort: 20881 }
    - { number: 2181, name: tcp-zookeeper, protocol: TCP }
    - { number: 6379, name: tcp-redis, protocol: TCP }
    - { number: 20890, name: tcp-metaprotocol-dubbo, protocol: TCP }
  location: MESH_INTERNAL
  resolution: STATIC
  workloadSelector: { labels: { app: store } }
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: store-1, namespace: shop }
spec: { address: ${server.address}, labels: { app: store } }
`;

const rules = `
apiVersion: dubbo.aeraki.io/v1alpha1
kind: DubboAuthorizationPolicy
metadata: { name: callers, namespace: shop }
spec: { action: ALLOW, rules: [{ from: [{ source: { namespaces: [pay] } }] }] }
---
apiVersion: redis.aeraki.io/v1alpha1
kind: RedisDestination
metadata: { name: store, namespace: shop }
spec:
  host: store.shop.mesh
  trafficPolicy: { connectionPool: { redis: { auth: { secret: { name: cache } } }, tcp: { connectTimeout: 3s } } }
---
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: store, namespace: shop }
spec:
  hosts: [store.shop.mesh]
  gateways: [edge]
  routes: [{ name: all, route: [{ destination: { host: store.shop.mesh } }] }]
`;

/** Its Service translates the port of the Gateway into that on which its workloads listen. */
const edge = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  selector: { istio: edge }
  servers: [{ port: { number: 81, name: tcp-metaprotocol-dubbo, protocol: TCP }, hosts: ["*"] }]
---
apiVersion: v1
kind: Service
metadata: { name: edge, namespace: istio-system }
spec:
  clusterIP: 10.96.0.81
  clusterIPs: [10.96.0.81]
  selector: { istio: edge }
  ports: [{ name: tcp-in, port: 81, targetPort: 8081 }]
`;

const pod = `
apiVersion: v1
kind: Pod
metadata: { name: edge-1, namespace: istio-system, labels: { istio: edge } }
spec: { nodeName: nowhere, automountServiceAccountToken: false, containers: [{ name: proxy, image: none }] }
`;

describe.skipIf(!isIstiodBuilt())('a real istiod', () => {
  let scene: IstiodScene;

  const connect = (place: ProxyPlace): IstiodClient => {
    const client = scene.connect(place);
    client.ask(clusterType);
    client.ask(listenerType);
    return client;
  };

  beforeAll(async () => {
    scene = await IstiodScene.start();
    const { kubernetes } = scene;
    const metadata = { name: 'default', namespace: 'istio-system' };
    await scene.apply([{ apiVersion: 'v1', kind: 'ServiceAccount', metadata }]);
    await kubernetes.apply(`${edge}\n---\n${pod}\n---\n${store}`);
    const status = { status: { phase: 'Running', podIP: gateway.address, podIPs: [{ ip: gateway.address }] } };
    const patch = ['--type=merge', '--subresource=status', '-p', JSON.stringify(status)];
    const patched = await kubernetes.kubectl(['-n', 'istio-system', 'patch', 'pod', 'edge-1', ...patch]);
    expect(patched.stderr).toBe('');
    const objects = await toldToIstio(store, rules, edge);
    await scene.apply(objects.filter(({ kind }) => kind !== 'WorkloadEntry' && kind !== 'ServiceEntry'));
  });

  afterAll(async () => {
    await scene?.stop();
  });

  test('puts each filter before callers where the port is, and leaves other ports alone', async () => {
    const client = connect(caller);
    await expect.poll(() => filtersOf(client, '240.241.0.9_9090')).toEqual([['thrift_proxy']]);
    await expect.poll(() => filtersOf(client, '240.241.0.9_20880')).toEqual([['dubbo_proxy']]);
    await expect.poll(() => filtersOf(client, '240.241.0.9_2181')).toEqual([['zookeeper_proxy', 'tcp_proxy']]);
    await expect.poll(() => filtersOf(client, '240.241.0.9_6379')).toEqual([['redis_proxy']]);
    // It has not said that it reads MetaProtocol.
    expect(filtersOf(client, '240.241.0.9_20890')).toEqual([['tcp_proxy']]);
  });

  test('tells a proxy without the files of a Secret nothing of them', async () => {
    const client = connect({ ...caller, name: 'web-2', address: '10.9.0.9', metadata: {} });
    await expect.poll(() => filtersOf(client, '240.241.0.9_9090')).toEqual([['thrift_proxy']]);
    expect(filtersOf(client, '240.241.0.9_6379')).toEqual([['tcp_proxy']]);
  });

  test('changes in its cluster of Redis what is written, and keeps the rest', async () => {
    const client = connect(caller);
    const cluster = () =>
      client
        .resources(clusterType, 'envoy.config.cluster.v3.Cluster')
        .filter(({ name }) => name === 'outbound|6379||store.shop.mesh')
        .map((one) => toJson('envoy.config.cluster.v3.Cluster', one))[0];
    await expect.poll(cluster).toMatchObject({
      lbPolicy: 'MAGLEV',
      connectTimeout: '3s',
      type: 'EDS',
      typedExtensionProtocolOptions: { 'envoy.filters.network.redis_proxy': {} },
    });
  });

  test('puts each filter before the workload at its target port, behind who may connect', async () => {
    const client = connect(server);
    const last = (port: number) => () => [
      ...new Set(filtersOf(client, 'virtualInbound', port).map((one) => one.at(-1))),
    ];
    await expect.poll(last(9091)).toEqual(['thrift_proxy']);
    await expect.poll(last(20881)).toEqual(['dubbo_proxy']);
    await expect
      .poll(() => new Set(filtersOf(client, 'virtualInbound', 20881).map(([first]) => first)))
      .toEqual(new Set(['rbac']));
    // The policy is for Dubbo alone.
    expect(filtersOf(client, 'virtualInbound', 9091).flat()).not.toContain('rbac');
    await expect
      .poll(() => filtersOf(client, 'virtualInbound', 2181).map((filters) => filters.slice(-2)))
      .toContainEqual(['zookeeper_proxy', 'tcp_proxy']);
  });

  test('puts the filter at a gateway where its workloads listen, for a service at another port', async () => {
    const client = connect(gateway);
    await expect.poll(() => filtersOf(client, '0.0.0.0_8081')).toEqual([['meta_protocol_proxy']]);
  });

  test('refuses nothing of it', async () => {
    expect(scene.istiod.complaintsAbout('EnvoyFilter', 'VirtualService', 'isthmus')).toEqual([]);
    expect(await scene.istiod.counted('pilot_total_rejected_configs')).toBe(0);
  });
});
