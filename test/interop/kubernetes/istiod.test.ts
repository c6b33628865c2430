/** What we write for Istio, as a real istiod reads it: what sidecars and gateways are told then. Needs one that was built. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { listenerType, nameTableType, routeType } from '../../../src/delivery/xds/resources/resource-types.ts';
import { requestIstioCertificate } from '../../../src/main/istio/istiod-certificate.ts';
import type { envoy } from '../../../src/xds-api/messages.ts';
import { RawClient } from '../../conformance/xds/raw-client.ts';
import { InProcessPlane } from '../../e2e/in-process-plane.ts';
import { temporaryFolder } from '../../e2e/isthmus-process.ts';
import type { IstiodClient, ProxyPlace } from '../../peers/istio/istiod-client.ts';
import { filtersOf, IstiodScene, isIstiodBuilt, toldToIstio } from './istiod-scene.ts';

type Listener = envoy.config.listener.v3.Listener;

/** Of a proxy that has the MetaProtocol filter. */
const metadata = { ISTHMUS_PROXY_KIND: 'istio-sidecar' };
const caller: ProxyPlace = {
  role: 'sidecar',
  address: '10.9.0.1',
  name: 'web-1',
  namespace: 'pay',
  labels: { app: 'web' },
  metadata,
};
const server: ProxyPlace = {
  role: 'sidecar',
  address: '10.9.0.2',
  name: 'orders-1',
  namespace: 'shop',
  labels: { app: 'orders' },
  metadata,
};

const protocol = `
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: ApplicationProtocol
metadata: { name: thrift, namespace: isthmus-system }
spec: { protocol: thrift, codec: aeraki.meta_protocol.codec.thrift }
`;

const service = (name: string, address: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  addresses: [${address}]
  ports: [{ number: 9090, name: tcp-metaprotocol-thrift, protocol: TCP, targetPort: 9091 }]
  location: MESH_INTERNAL
  resolution: STATIC
  workloadSelector: { labels: { app: orders } }
`;

const workload = `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: orders-1, namespace: shop }
spec: { address: ${server.address}, labels: { app: orders } }
`;

const router = (name: string, first: string, most = 5): string => `
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  routes: [{ name: ${first}, route: [{ destination: { host: ${name}.shop.mesh } }] }]
  localRateLimit: { tokenBucket: { maxTokens: ${most}, tokensPerFill: 5, fillInterval: 60s } }
`;

const metaFilter = 'meta_protocol_proxy';

describe.skipIf(!isIstiodBuilt())('with a real istiod', () => {
  let scene: IstiodScene;

  beforeAll(async () => {
    scene = await IstiodScene.start();
  });

  afterAll(async () => {
    await scene?.stop();
  });

  const connect = (place: ProxyPlace): IstiodClient => {
    const client = scene.connect(place);
    client.ask(listenerType);
    return client;
  };

  const listenersOf = (client: IstiodClient): readonly Listener[] =>
    client.resources(listenerType, 'envoy.config.listener.v3.Listener');

  test('a service of ours has its virtual IP as a listener and in the name table, and istiod refuses none of it', async () => {
    await scene.apply(await toldToIstio(protocol, workload, service('orders', '240.241.0.7')));
    const client = connect(caller);
    client.ask(nameTableType);
    await expect.poll(() => listenersOf(client).map(({ name }) => name)).toContain('240.241.0.7_9090');
    await expect
      .poll(() => client.resources(nameTableType, 'istio.networking.nds.v1.NameTable')[0]?.table?.['orders.shop.mesh'])
      .toMatchObject({ ips: ['240.241.0.7'], registry: 'External' });
    expect(scene.istiod.complaintsAbout('orders.shop.mesh', 'isthmus')).toEqual([]);
    expect(await scene.istiod.counted('pilot_total_rejected_configs')).toBe(0);
  });

  test('our filter stands where the TCP proxy was, before callers and before the workload, and only where it is known', async () => {
    await scene.apply(
      await toldToIstio(protocol, workload, service('orders', '240.241.0.7'), router('orders', 'first')),
    );
    const [calling, serving] = [connect(caller), connect(server)];
    await expect.poll(() => filtersOf(calling, '240.241.0.7_9090')).toEqual([[metaFilter]]);
    await expect
      .poll(() => filtersOf(serving, 'virtualInbound', 9091).map((filters) => filters.at(-1)))
      .toEqual([metaFilter, metaFilter, metaFilter]);
    expect(filtersOf(serving, 'virtualInbound', 9091).flat()).not.toContain('tcp_proxy');
    const stock = connect({ ...caller, name: 'stock-1', address: '10.9.0.4', metadata: {} });
    await expect.poll(() => filtersOf(stock, '240.241.0.7_9090')).toEqual([['tcp_proxy']]);
    expect(scene.istiod.complaintsAbout('orders.shop.mesh', 'EnvoyFilter', 'isthmus')).toEqual([]);
    expect(await scene.istiod.counted('pilot_total_rejected_configs')).toBe(0);
  });

  test('a MetaRouter that changes changes no listener: routes come from us', async () => {
    const manifests = (first: string, most?: number) => [
      protocol,
      workload,
      service('orders', '240.241.0.7'),
      service('payments', '240.241.0.8'),
      router('orders', first, most),
      router('payments', 'first'),
    ];
    const before = await toldToIstio(...manifests('first'));
    await scene.apply(before);
    const client = connect(caller);
    await expect.poll(() => filtersOf(client, '240.241.0.8_9090')).toEqual([[metaFilter]]);
    await expect.poll(() => filtersOf(client, '240.241.0.7_9090')).toEqual([[metaFilter]]);
    expect(await toldToIstio(...manifests('second'))).toEqual(before);

    // Its limits stand before the workload: callers hear nothing of them, nor do other services.
    const listeners = client.bytes(listenerType);
    const limited = await toldToIstio(...manifests('first', 9));
    const changed = limited.filter((object) => !before.some((one) => JSON.stringify(one) === JSON.stringify(object)));
    expect(changed).toMatchObject([
      { kind: 'EnvoyFilter', metadata: { name: expect.stringContaining('inbound-orders') } },
    ]);
    const limitedServer = connect(server);
    await expect.poll(() => filtersOf(limitedServer, 'virtualInbound', 9091)).not.toEqual([]);
    const pushes = limitedServer.responses(listenerType);
    await scene.apply(limited);
    await expect.poll(() => limitedServer.responses(listenerType)).toBeGreaterThan(pushes);
    expect(client.bytes(listenerType)).toEqual(listeners);
  });

  test('sidecars with certificates of istiod are served over TLS by one of ours, and get routes alone', async () => {
    const [ours, theirs] = [
      { namespace: 'isthmus-system', name: 'isthmus' },
      { namespace: 'pay', name: 'web' },
    ];
    await scene.apply([ours, theirs].map((metadata) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })));
    const folder = await temporaryFolder();
    const root = path.join(folder, 'root-cert.pem');
    await expect.poll(async () => rootOfIstio()).toContain('BEGIN CERTIFICATE');
    await writeFile(root, await rootOfIstio());
    const access = async (namespace: string, name: string) => {
      const token = path.join(folder, `${name}.token`);
      await writeFile(token, await tokenFor(namespace, name));
      return { istiod: scene.istiod.secured, root, token };
    };
    const plane = await InProcessPlane.create();
    await plane.write('mesh.yaml', [protocol, service('orders', '240.241.0.7'), router('orders', 'first')].join('---'));
    const running = await plane.serve(['mesh.yaml'], {
      istio: { address: '127.0.0.1:0', ...(await access('isthmus-system', 'isthmus')) },
    });
    const target = await running.istioXds;

    const web = { trustDomain: 'cluster.local', namespace: 'pay', serviceAccount: 'web' };
    const { credentials } = await requestIstioCertificate(await access('pay', 'web'), web);
    const streamRoutes = '/envoy.service.route.v3.RouteDiscoveryService/StreamRoutes';
    const ask = (own: typeof credentials, route = streamRoutes): RawClient => {
      const client = new RawClient(target, 'sotw', {
        path: route,
        credentials: own,
      });
      onTestFinished(() => client.close());
      const texts = { NAMESPACE: 'pay', SERVICE_ACCOUNT: 'web', ISTIO_VERSION: '1.31.0' };
      const fields = Object.fromEntries(Object.entries(texts).map(([key, stringValue]) => [key, { stringValue }]));
      const id = 'sidecar~10.9.0.1~web-1.pay~pay.svc.cluster.local';
      client.send({
        node: { id, userAgentName: 'envoy', metadata: { fields } },
        typeUrl: routeType,
        resourceNames: ['orders.shop.mesh_9090'],
      });
      return client;
    };
    expect((await ask(credentials).next()).resources[0]?.body).toContain('outbound|9090||orders.shop.mesh');
    const aggregated = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
    expect(await ask(credentials, aggregated).status).toMatchObject({ code: 12 });
    expect(running.findings().filter(({ code }) => code === 'ISTH1506')).toEqual([]);
  });

  const rootOfIstio = async (): Promise<string> => {
    const read = [
      'get',
      'configmap',
      'istio-ca-root-cert',
      '-n',
      'isthmus-system',
      '-o',
      'jsonpath={.data.root-cert\\.pem}',
    ];
    return (await scene.kubernetes.kubectl(read)).stdout;
  };

  const tokenFor = async (namespace: string, name: string): Promise<string> => {
    const { stdout, stderr, code } = await scene.kubernetes.kubectl([
      'create',
      'token',
      name,
      '-n',
      namespace,
      '--audience',
      'istio-ca',
    ]);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  };
});
