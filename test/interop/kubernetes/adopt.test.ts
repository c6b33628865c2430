/** `isthmus adopt` on a real API server that has what Aeraki and a bridge beside it left. */
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { adopt } from '../../../src/cluster-commands/adoption/adoption.ts';
import { Engine } from '../../../src/collections/engine.ts';
import { serverSideApply } from '../../../src/kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../../src/kubernetes-api/plain-fields.ts';
import { startBootstrapPublishing } from '../../../src/main/kubernetes/bootstrap-publishing.ts';
import { buildPipeline } from '../../../src/main/pipeline.ts';
import { createResourceReader } from '../../../src/resources/reader.ts';
import { setStates, tableOf } from '../../../src/sources/resource-tables.ts';
import { istioDefinitions } from '../../peers/kubernetes/istio-definitions.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

const definitions = path.resolve(import.meta.dirname, '../../../crds');
let kubernetes: KubernetesServer;

const aeraki = { manager: 'Aeraki' };

const serviceEntry = (name: string, host: string, address?: string, metadata: object = {}) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name, namespace: 'shop', ...metadata },
  spec: {
    hosts: [host],
    ...(address === undefined ? {} : { addresses: [address] }),
    ports: [{ number: 9090, name: 'tcp-metaprotocol-dubbo', protocol: 'TCP' }],
    resolution: 'STATIC',
    endpoints: [{ address: '10.0.0.1' }],
  },
});

const outboundFilter = (name: string, address: string, metadata: object) => ({
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name, namespace: 'istio-system', ...metadata },
  spec: {
    configPatches: [
      {
        applyTo: 'NETWORK_FILTER',
        match: {
          listener: { name: `${address}_9090`, filterChain: { filter: { name: 'envoy.filters.network.tcp_proxy' } } },
        },
        patch: { operation: 'REPLACE', value: { name: 'x' } },
      },
    ],
  },
});

/** As another program does: an update, by its own name. */
async function create(object: { readonly metadata: object }, collection: string, manager = 'Aeraki'): Promise<void> {
  const api = await kubernetes.access();
  await api.send({ method: 'POST', path: `${collection}?fieldManager=${manager}`, body: object });
  api.close();
}

const collections = {
  serviceEntries: '/apis/networking.istio.io/v1/namespaces/shop/serviceentries',
  envoyFilters: '/apis/networking.istio.io/v1alpha3/namespaces/istio-system/envoyfilters',
  configMaps: '/api/v1/namespaces/shop/configmaps',
};

async function read(from: string): Promise<unknown> {
  const api = await kubernetes.access();
  try {
    return await api.get(from);
  } finally {
    api.close();
  }
}

/** As our applier writes: server-side apply, with our labels. */
async function applyOurs(object: { readonly metadata: { readonly name?: string } }, collection: string): Promise<void> {
  const api = await kubernetes.access();
  await api.send({
    method: 'PATCH',
    path: `${collection}/${object.metadata.name}?fieldManager=isthmus&force=true`,
    body: object,
    contentType: serverSideApply,
  });
  api.close();
}

const labels = { 'app.kubernetes.io/managed-by': 'isthmus', 'isthmus.dev/rev': 'default' };
const wish = (isDryRun: boolean) => ({ kubeconfig: kubernetes.kubeconfig(), revision: 'default', isDryRun });

const countOf = async (): Promise<number> => {
  const lists = await Promise.all(
    Object.values(collections).map(async (from) => {
      const items = fieldOf(await read(from), 'items');
      return Array.isArray(items) ? items.length : 0;
    }),
  );
  return lists.reduce((sum, one) => sum + one, 0);
};

beforeAll(async () => {
  kubernetes = await KubernetesServer.start();
  await kubernetes.apply(istioDefinitions('ServiceEntry', 'EnvoyFilter', 'VirtualService'));
  await kubernetes.applyDefinitions(definitions);
  for (const name of ['shop', 'istio-system'])
    await kubernetes.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  await create(serviceEntry('by-hand', 'hand.mesh', '240.240.0.1'), collections.serviceEntries);
  const bridged = { labels: { manager: 'aeraki', registry: 'dubbo2istio' } };
  await create(
    serviceEntry('aeraki-orders', 'orders.dubbo', '240.240.0.2', bridged),
    collections.serviceEntries,
    'dubbo2istio',
  );
  await create(
    serviceEntry('aeraki-lonely', 'lonely.dubbo', '240.240.0.3', bridged),
    collections.serviceEntries,
    'dubbo2istio',
  );
  const filter = outboundFilter('aeraki-outbound-orders.dubbo-240.240.0.2-9090', '240.240.0.2', { labels: aeraki });
  await create(filter, collections.envoyFilters);
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'aeraki-bootstrap-config' }, data: { a: 'b' } };
  await create(map, collections.configMaps);
});

afterAll(async () => {
  await kubernetes.stop();
});

test('a dry run says what would happen, and changes nothing', async () => {
  const before = await read(collections.serviceEntries);
  const steps = await adopt(wish(true));
  expect(steps.map(({ object, does }) => `${does} ${object.kind} ${object.name}`)).toEqual([
    'lease ServiceEntry aeraki-lonely',
    'lease ServiceEntry aeraki-orders',
    'lease ServiceEntry by-hand',
    'wait EnvoyFilter aeraki-outbound-orders.dubbo-240.240.0.2-9090',
    'wait ConfigMap aeraki-bootstrap-config',
    'wait ServiceEntry aeraki-lonely',
    'wait ServiceEntry aeraki-orders',
  ]);
  expect(await read(collections.serviceEntries)).toEqual(before);
  expect(fieldOf(await read('/apis/isthmus.dev/v1alpha1/addressleases'), 'items')).toEqual([]);
});

test('addresses become leases, and what is not replaced yet stays as it is', async () => {
  const count = await countOf();
  await adopt(wish(false));
  expect(await read('/apis/isthmus.dev/v1alpha1/addressleases/240-240-0-2')).toMatchObject({
    metadata: { labels },
    spec: { host: 'orders.dubbo', namespace: 'shop', ipv4: '240.240.0.2', state: 'Bound' },
  });
  expect(await read(`${collections.serviceEntries}/aeraki-orders`)).toMatchObject({
    metadata: { labels: { manager: 'aeraki' } },
    spec: { addresses: ['240.240.0.2'] },
  });
  expect(await countOf()).toBe(count);
});

test('what one of ours has replaced becomes ours, with its fields, and nothing is deleted', async () => {
  await applyOurs(serviceEntry('orders.dubbo', 'orders.dubbo', '240.240.0.2', { labels }), collections.serviceEntries);
  await applyOurs(outboundFilter('outbound-orders.dubbo-9090-0', '240.240.0.2', { labels }), collections.envoyFilters);
  const count = await countOf();
  const steps = await adopt(wish(false));
  expect(steps.filter(({ does }) => does === 'adopt').map(({ object }) => object.name)).toEqual([
    'aeraki-outbound-orders.dubbo-240.240.0.2-9090',
    'aeraki-orders',
  ]);
  const adopted = await read(`${collections.serviceEntries}/aeraki-orders`);
  expect(adopted).toMatchObject({
    metadata: { labels: { ...labels, manager: 'aeraki' } },
    spec: { hosts: ['orders.dubbo'] },
  });
  const entries = fieldOf(fieldOf(adopted, 'metadata'), 'managedFields');
  const writers = (Array.isArray(entries) ? entries : []).map((entry: unknown) => [
    textOf(entry, 'manager'),
    textOf(entry, 'operation'),
    fieldOf(fieldOf(entry, 'fieldsV1'), 'f:spec') !== undefined,
  ]);
  expect(writers).toContainEqual(['isthmus', 'Apply', true]);
  expect(writers.filter(([manager]) => manager === 'dubbo2istio')).toEqual([]);
  expect(await countOf()).toBe(count);
});

test('a second run finds nothing left to do, but for what still waits', async () => {
  const steps = await adopt(wish(false));
  expect(steps.filter(({ does }) => does === 'lease' || does === 'adopt')).toEqual([]);
  expect(steps.filter(({ does }) => does === 'wait').map(({ object }) => object.name)).toEqual([
    'aeraki-bootstrap-config',
    'aeraki-lonely',
  ]);
});

test('an address that somebody else has is not leased twice, and that is said', async () => {
  await create(serviceEntry('thief', 'thief.mesh', '240.240.0.1'), collections.serviceEntries);
  expect(await adopt(wish(false))).toContainEqual({
    object: { kind: 'ServiceEntry', namespace: 'shop', name: 'thief' },
    does: 'refuse',
    why: '240.240.0.1 is leased to shop/hand.mesh: give one of both another address',
  });
});

test('what Aeraki asks before a MetaRouter is taken keeps none out once Aeraki is gone', async () => {
  await kubernetes.apply(`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: aeraki-istio-system }
webhooks:
  - name: validation.aeraki.io
    clientConfig: { service: { name: aeraki, namespace: istio-system, path: /validate } }
    admissionReviewVersions: [v1, v1beta1]
    failurePolicy: Fail
    sideEffects: None
    rules:
      - { apiGroups: [metaprotocol.aeraki.io], apiVersions: ['*'], operations: [CREATE, UPDATE], resources: [metarouters] }
`);
  const router = `apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: orders, namespace: shop }
spec: { hosts: [orders.dubbo], routes: [{ name: all, route: [{ destination: { host: orders.dubbo } }] }] }
`;
  const write = async (): Promise<string> =>
    (await kubernetes.kubectl(['create', '--dry-run=server', '-f', '-'], router)).stderr;
  const stepNow = async (isDryRun: boolean) =>
    (await adopt(wish(isDryRun))).filter(({ object }) => object.kind === 'ValidatingWebhookConfiguration');
  // An API server hears of a configuration a moment after it was written.
  await expect.poll(write).toContain('failed calling webhook "validation.aeraki.io"');
  expect(await stepNow(true)).toMatchObject([{ object: { name: 'aeraki-istio-system' }, does: 'relax' }]);
  expect(await write()).toContain('failed calling webhook');
  await stepNow(false);
  await expect.poll(write).toBe('');
  expect(await stepNow(true)).toMatchObject([{ does: 'done' }]);
});

test('the bootstrap of sidecars is kept in namespaces into which Istio injects, and in what was adopted there', async () => {
  const pipeline = buildPipeline(new Engine());
  const { sourced, engine } = pipeline;
  const namespaces = ['enabled', 'disabled'].flatMap((injection) => {
    const name = injection === 'enabled' ? 'shop' : 'apart';
    const metadata = { name, labels: { 'istio-injection': injection } };
    return createResourceReader().read({ apiVersion: 'v1', kind: 'Namespace', metadata }).resource ?? [];
  });
  await kubernetes.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'apart' } }));
  engine.batch(() => {
    for (const one of namespaces) tableOf(sourced, one.key)?.set(one);
    setStates(sourced, 'live');
  });
  const server = await kubernetes.access();
  const writership = { isWriter: true, onChange: () => () => {} };
  const precedence = { isFirst: true, onChange: () => () => {} };
  const systemNamespace = 'isthmus-system';
  const events = { record: () => {} };
  const surroundings = { pipeline, server, writership, precedence, events, revision: 'default', systemNamespace };
  const key = 'custom_bootstrap.json';
  const dataOf = async (name: string): Promise<string> => {
    const found = await read(`${collections.configMaps}/${name}`).catch(() => undefined);
    return textOf(fieldOf(found, 'data'), key) ?? '';
  };
  const stepOf = async (isDryRun: boolean) =>
    (await adopt(wish(isDryRun))).find(({ object }) => object.name === 'aeraki-bootstrap-config');
  expect(await stepOf(false)).toMatchObject({ does: 'wait', why: expect.stringContaining('--istio-xds') });
  expect(await read(`${collections.configMaps}/aeraki-bootstrap-config`)).toMatchObject({ data: { a: 'b' } });
  const part = startBootstrapPublishing({ ...surroundings, istioXds: { address: '0.0.0.0:15011' } });
  onTestFinished(async () => {
    await part.close();
    server.close();
  });
  await expect.poll(() => dataOf('isthmus-bootstrap-config')).toContain('isthmus.isthmus-system.svc');
  expect(await stepOf(false)).toMatchObject({ does: 'adopt' });
  // At once: a Pod that is restarted now reads it.
  expect(await dataOf('aeraki-bootstrap-config')).toContain('isthmus.isthmus-system.svc');
  expect(await stepOf(true)).toMatchObject({ does: 'done' });
  await expect(read('/api/v1/namespaces/apart/configmaps/isthmus-bootstrap-config')).rejects.toThrow();
  expect(part.findings()).toEqual([]);
});
