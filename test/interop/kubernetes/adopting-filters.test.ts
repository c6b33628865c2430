/** `isthmus adopt` beside a whole control plane: what stays while running sidecars do not have what would replace it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fieldOf } from '../../../src/kubernetes-api/plain-fields.ts';
import { objectName } from '../../../src/translate/istio/object-names.ts';
import { runIsthmus } from '../../e2e/isthmus-process.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { startCluster, startReplica } from './running-replicas.ts';

const stock = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: stock, namespace: shop }
spec:
  hosts: [stock.shop.mesh]
  addresses: [240.240.0.1]
  ports: [{ number: 9090, name: tcp-thrift, protocol: TCP }, { number: 9091, name: tcp-metaprotocol-dubbo, protocol: TCP }]
  location: MESH_INTERNAL
  resolution: STATIC
  workloadSelector: { labels: { app: stock } }
`;

const stockRouter = `apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: stock, namespace: shop }
spec: { hosts: [stock.shop.mesh], routes: [{ name: all, route: [{ destination: { host: stock.shop.mesh } }] }] }
`;

const patch = (listener: object): object => ({
  applyTo: 'NETWORK_FILTER',
  match: { listener },
  patch: { operation: 'REPLACE', value: { name: 'x' } },
});

const aerakiFilter = (name: string, listener: object, selected?: object): string =>
  JSON.stringify({
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name, namespace: 'istio-system', labels: { manager: 'Aeraki' } },
    spec: {
      ...(selected === undefined ? {} : { workloadSelector: { labels: selected } }),
      configPatches: [patch(listener)],
    },
  });

const inboundAt = (destinationPort: number) => ({ name: 'virtualInbound', filterChain: { destinationPort } });
const [plainOut, metaOut] = [
  'aeraki-outbound-stock.shop.mesh-240.240.0.1-9090',
  'aeraki-outbound-stock.shop.mesh-240.240.0.1-9091',
];
const metaIn = 'aeraki-inbound-stock.shop.mesh-9091';

let kubernetes: KubernetesServer;

beforeAll(async () => {
  kubernetes = await startCluster();
  await kubernetes.kubectl(['create', 'namespace', 'istio-system']);
  const left = [
    stock,
    stockRouter,
    aerakiFilter(plainOut, { name: '240.240.0.1_9090' }),
    aerakiFilter(metaOut, { name: '240.240.0.1_9091' }),
    aerakiFilter(metaIn, inboundAt(9091), { app: 'stock' }),
  ];
  await kubernetes.apply(left.join('\n---\n'));
});

afterAll(async () => {
  await kubernetes.stop();
});

const adopt = async (...parameters: readonly string[]): Promise<string> =>
  (await runIsthmus(['adopt', '--kubeconfig', kubernetes.kubeconfig(), ...parameters])).stdout;

const filters = async (selector: string): Promise<readonly string[]> => {
  const { stdout } = await kubernetes.kubectl(['get', 'envoyfilter', '-A', '-l', selector, '-o', 'name']);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(line.indexOf('/') + 1));
};

const nobodysFilter = (name: string): string =>
  JSON.stringify({
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name, namespace: 'istio-system' },
    spec: { workloadSelector: { labels: { app: 'nobody' } }, configPatches: [patch({ name: '240.240.0.1_9090' })] },
  });

test('what somebody applied under a name of ours is as we want it, once it is handed over', async () => {
  const name = objectName('outbound', 'stock.shop.mesh-9090', ['shop', 'stock.shop.mesh', 9090]);
  await kubernetes.apply(nobodysFilter(name));
  const plane = await startReplica(kubernetes);
  await expect.poll(() => filters('app.kubernetes.io/managed-by=isthmus')).toHaveLength(3);
  const look = async () => {
    const api = await kubernetes.access();
    try {
      return await api.get(`/apis/networking.istio.io/v1alpha3/namespaces/istio-system/envoyfilters/${name}`);
    } finally {
      api.close();
    }
  };
  const router = async () => {
    const status = ['get', 'metarouter', 'stock', '-n', 'shop', '-o', 'jsonpath={.status.conditions}'];
    return (await kubernetes.kubectl(status)).stdout;
  };
  await expect.poll(router).toMatch(/ISTH1701: EnvoyFilter istio-system\/outbound-stock.*"reason":"NotWritten"/);
  const eventsOf = ['get', 'events', '-n', 'shop', '-o', 'jsonpath={.items[*].reason}'];
  await expect.poll(async () => (await kubernetes.kubectl(eventsOf)).stdout).toContain('NotWritten');
  const object = `envoyfilter/istio-system/${name}`;
  expect(await adopt(object)).toMatch(/ adopt +isthmus writes it from now on/);
  expect(await look()).toMatchObject({ spec: { workloadSelector: { labels: { app: 'nobody' } } } });
  expect(await adopt(object, '--yes')).toMatch(/ adopt /);
  await expect.poll(async () => fieldOf(fieldOf(await look(), 'spec'), 'workloadSelector')).toBeUndefined();
  expect(await look()).toMatchObject({
    metadata: { annotations: { 'isthmus.dev/source': 'ServiceEntry shop/stock' } },
    spec: { configPatches: [{ match: { context: 'SIDECAR_OUTBOUND', listener: { name: '240.240.0.1_9090' } } }] },
  });
  expect(await adopt(object)).toMatch(/ nothing +it is ours/);
  await expect.poll(router).not.toContain('NotWritten');
  plane.process.kill('SIGTERM');
  expect(await plane.ended).toBe(0);
});

test('no filter goes that a sidecar has, while ours is for proxies alone that were restarted', async () => {
  const plane = await startReplica(kubernetes);
  const ours = () => filters('app.kubernetes.io/managed-by=isthmus,manager!=Aeraki');
  await expect.poll(ours).toHaveLength(4);
  // The first step of all: Aeraki runs, and no sidecar has been restarted.
  const first = await adopt('--yes');
  expect(first).toMatch(
    new RegExp(`${metaOut} +wait +outbound-stock.* ISTHMUS_PROXY_KIND: istio-sidecar .*metaProtocolProxies`),
  );
  expect(first).toMatch(
    new RegExp(`${metaIn} +wait +inbound-stock.* ISTHMUS_PROXY_KIND: istio-sidecar .*metaProtocolProxies`),
  );
  expect(first).toMatch(new RegExp(`${plainOut} +adopt +outbound-stock`));
  // Every proxy has Envoy's own filter for Thrift. That this one went shows that what is adopted has been looked at.
  await expect.poll(() => filters('manager=Aeraki')).toEqual([metaIn, metaOut]);

  await kubernetes.apply(`apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { istio: { metaProtocolProxies: { all: true } } }
`);
  await expect.poll(() => adopt('--yes')).toMatch(/aeraki-inbound-\S+ +adopt +inbound-stock/);
  await expect
    .poll(async () => {
      await adopt('--yes');
      return filters('manager=Aeraki');
    })
    .toEqual([]);
  expect(await ours()).toHaveLength(4);
  // The host is there, and has its address by its own object: the lease is no tombstone.
  const lease = await kubernetes.kubectl(['get', 'addresslease', '240-240-0-1', '-o', 'jsonpath={.spec}']);
  expect(JSON.parse(lease.stdout)).toMatchObject({ host: 'stock.shop.mesh', state: 'Bound' });
  plane.process.kill('SIGTERM');
  expect(await plane.ended).toBe(0);
});
