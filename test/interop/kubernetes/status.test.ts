/** Statuses and events as a real API server has them and kubectl waits for them. */
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { objectPath } from '../../../src/kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { catalogue } from '../../../src/model/finding-catalogue.ts';
import { proxyNode } from '../../../src/model/proxy-fixture.ts';
import { istioDefinitions } from '../../peers/kubernetes/istio-definitions.ts';
import { applyAs, KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { StatusScene } from './status-scene.ts';

/** Each has its MetaRouter and its service: of two MetaRouters of one host, one is in force. */
const names = ['orders', 'another', 'a', 'b', 'c', 'spoilt', 'refused', 'early'];
const routers = { group: 'metaprotocol.aeraki.io', version: 'v1alpha1', plural: 'metarouters' };
let kubernetes: KubernetesServer;
let api: ApiServer;
let scene: StatusScene;

beforeAll(async () => {
  kubernetes = await KubernetesServer.start();
  api = await kubernetes.access();
  await kubernetes.apply(istioDefinitions());
  await kubernetes.applyDefinitions(path.resolve(import.meta.dirname, '../../../crds'));
  await kubernetes.apply(`apiVersion: v1
kind: Namespace
metadata: { name: shop }
---${names.map(serviceEntry).join('---')}`);
});

afterAll(async () => {
  api?.close();
  await kubernetes?.stop();
});

beforeEach(() => {
  scene = new StatusScene(api);
});

afterEach(async () => {
  await scene.close();
  await kubernetes.kubectl(['delete', 'metarouters,trafficsplits', '--all', '-n', 'shop']);
});

function serviceEntry(name: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  ports: [{ number: 9090, name: tcp-metaprotocol-thrift, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: 10.0.0.1 }]
`;
}

const router = (name: string, subset = '', method = 'get'): string => `
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  routes:
    - name: all
      match: { attributes: { method: { exact: ${method} } } }
      route: [{ destination: { host: ${name}.shop.mesh${subset === '' ? '' : `, subset: ${subset}`} } }]
`;

interface Shown {
  readonly metadata: { readonly generation: number; readonly resourceVersion: string; readonly uid: string };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly ShownCondition[] };
}

interface ShownCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

async function shown(name: string): Promise<Shown> {
  const { stdout } = await kubernetes.kubectl(['get', 'metarouter', name, '-n', 'shop', '-o', 'json']);
  return JSON.parse(stdout);
}

async function condition(name: string, type: string): Promise<ShownCondition | undefined> {
  return (await shown(name)).status?.conditions?.find((one) => one.type === type);
}

/** Rejects with kubectl's words where the condition is not met in 60 s. */
async function waitFor(name: string, what: string): Promise<void> {
  const wait = ['wait', `--for=condition=${what}`, '--timeout=60s', '-n', 'shop', `metarouter/${name}`];
  const { code, stderr } = await kubernetes.kubectl(wait);
  if (code !== 0) throw new Error(stderr);
}

async function eventsOf(name: string): Promise<readonly string[]> {
  const output = ['-o', 'jsonpath={range .items[*]}{.type} {.reason} {.series.count} {.message}{"\\n"}{end}'];
  const selector = `involvedObject.name=${name}`;
  const { stdout } = await kubernetes.kubectl(['get', 'events', '-n', 'shop', '--field-selector', selector, ...output]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** What a proxy refuses of a router. */
const refusal = (id: string, name: string) => ({
  proxy: proxyNode(id),
  typeUrl: '',
  message: 'regex is too large',
  at: Date.now(),
  objects: [{ kind: 'MetaRouter', namespace: 'shop', name }],
});

test('kubectl waits until an object is programmed, and each condition says at which generation', async () => {
  await kubernetes.apply(router('orders'));
  await waitFor('orders', 'Programmed');
  await waitFor('orders', 'Accepted');
  const { metadata, status } = await shown('orders');
  expect(status?.observedGeneration).toBe(metadata.generation);
  expect(status?.conditions?.map(({ type, observedGeneration }) => [type, observedGeneration])).toEqual(
    ['Accepted', 'ResolvedRefs', 'Programmed', 'Enforced'].map((type) => [type, metadata.generation]),
  );
  for (const { reason, lastTransitionTime } of status?.conditions ?? []) {
    expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(Date.parse(lastTransitionTime)).not.toBeNaN();
  }
});

test('an object is programmed when no proxy has an answer due, and not before', async () => {
  scene.laggards = [proxyNode('slow')];
  await kubernetes.apply(router('orders'));
  await expect.poll(async () => (await condition('orders', 'Programmed'))?.status).toBe('Unknown');
  scene.laggards = [];
  await waitFor('orders', 'Programmed');
});

test('what is not there is named, with its code and path, and mended when it comes', async () => {
  await kubernetes.apply(router('orders', 'v2'));
  await waitFor('orders', 'ResolvedRefs=False');
  const found = await condition('orders', 'ResolvedRefs');
  expect(found).toMatchObject({ reason: 'RefNotFound', observedGeneration: 1 });
  const described = await kubernetes.kubectl(['describe', 'metarouter', 'orders', '-n', 'shop']);
  expect(described.stdout).toMatch(/Message: +ISTH0507 at spec\.routes\[0\]\.route\[0\]\.destination[^:]*: .+\. /);
  expect(described.stdout).toContain(catalogue.ISTH0507.remedy);
  await expect.poll(async () => eventsOf('orders')).toContainEqual(expect.stringContaining('Warning RefNotFound'));
  await kubernetes.apply(router('orders'));
  await waitFor('orders', 'ResolvedRefs');
  expect((await condition('orders', 'ResolvedRefs'))?.observedGeneration).toBe(2);
});

test('a router whose host is not there is not programmed, and kubectl waits until it is', async () => {
  await kubernetes.apply(router('late'));
  await waitFor('late', 'Programmed=False');
  expect(await condition('late', 'Programmed')).toMatchObject({ reason: 'NothingToProgram' });
  expect((await condition('late', 'Enforced'))?.status).toBe('False');
  await kubernetes.apply(serviceEntry('late'));
  await waitFor('late', 'Programmed');
  expect(await condition('late', 'Programmed')).toMatchObject({
    reason: 'NoProxies',
    message: 'No proxy is connected: those that come take it.',
  });
});

test('an object that the API server takes and we do not says why, and what stays in force', async () => {
  await kubernetes.apply(router('spoilt'));
  await waitFor('spoilt', 'Programmed');
  await kubernetes.apply(router('spoilt').replace('[spoilt.shop.mesh]', '["no host"]'));
  await waitFor('spoilt', 'Accepted=False');
  const found = await condition('spoilt', 'Accepted');
  expect(found).toMatchObject({ reason: 'Invalid', observedGeneration: 2 });
  expect(found?.message).toMatch(/^ISTH0201 at spec\.hosts\[0\]: .* Generation 1 stays in force\.$/);
  await expect.poll(async () => eventsOf('spoilt')).toContainEqual(expect.stringContaining('Warning Invalid'));
  await kubernetes.apply(router('spoilt'));
  await waitFor('spoilt', 'Programmed');
});

test('a refusal by proxies is told on the object that it comes of, with who and why, and in one event', async () => {
  await kubernetes.apply(router('refused'));
  await waitFor('refused', 'Programmed');
  scene.refusals = ['d', 'c', 'b', 'a'].map((id) => refusal(id, 'refused'));
  await waitFor('refused', 'Programmed=False');
  expect(await condition('refused', 'Programmed')).toMatchObject({
    reason: 'RefusedByProxies',
    message: expect.stringContaining(
      'ISTH0801: 4 proxies refuse it (a, b, c and 1 more): regex is too large. Correct the resource',
    ),
  });
  await expect.poll(async () => eventsOf('refused')).toHaveLength(1);
  const described = await kubernetes.kubectl(['describe', 'metarouter', 'refused', '-n', 'shop']);
  expect(described.stdout).toMatch(/Warning +RefusedByProxies/);
  scene.refusals = [];
  await waitFor('refused', 'Programmed');
});

test('nothing is sent when nothing changed, nor after a restart', async () => {
  await kubernetes.apply(router('orders'));
  await waitFor('orders', 'Programmed');
  await scene.settled();
  const before = await shown('orders');
  await scene.close();
  scene = new StatusScene(api);
  await kubernetes.apply(router('another'));
  await waitFor('another', 'Programmed');
  expect(scene.sent.map(({ path: at }) => at).filter((at) => at.includes('/orders/'))).toEqual([]);
  expect((await shown('orders')).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
});

test('conditions of others survive ours, and ours theirs', async () => {
  await kubernetes.apply(router('orders'));
  await waitFor('orders', 'Programmed');
  const lastTransitionTime = '2026-11-21T10:00:00Z';
  const theirs = { type: 'Audited', status: 'True', reason: 'Audited', message: '', lastTransitionTime };
  const status = { conditions: [theirs] };
  const at = { namespace: 'shop', name: 'orders' };
  const head = { apiVersion: 'metaprotocol.aeraki.io/v1alpha1', kind: 'MetaRouter' };
  await applyAs(api, objectPath(routers, at, 'status'), { ...head, metadata: at, status }, 'auditor');
  await kubernetes.apply(router('orders', '', 'put'));
  await expect.poll(async () => (await shown('orders')).status?.observedGeneration).toBe(2);
  expect((await shown('orders')).status?.conditions?.map(({ type }) => type).sort()).toEqual([
    'Accepted',
    'Audited',
    'Enforced',
    'Programmed',
    'ResolvedRefs',
  ]);
});

test('a status that did not change keeps its time', async () => {
  await kubernetes.apply(router('orders'));
  await waitFor('orders', 'Programmed');
  const before = await condition('orders', 'Accepted');
  await kubernetes.apply(router('orders', '', 'put'));
  await expect.poll(async () => (await condition('orders', 'Accepted'))?.observedGeneration).toBe(2);
  expect((await condition('orders', 'Accepted'))?.lastTransitionTime).toBe(before?.lastTransitionTime);
});

test('an object that is made anew under its name is told anew', async () => {
  await kubernetes.apply(router('orders'));
  await waitFor('orders', 'Programmed');
  const before = await shown('orders');
  await kubernetes.kubectl(['replace', '--force', '-f', '-'], router('orders'));
  await waitFor('orders', 'Programmed');
  expect((await shown('orders')).metadata.uid).not.toBe(before.metadata.uid);
});

test('a missing right is named with the rule to add', async () => {
  const limited = await kubernetes.access('isthmus');
  await scene.close();
  scene = new StatusScene(api, limited);
  await kubernetes.apply(router('orders'));
  await expect.poll(() => scene.codes()).toEqual(['ISTH1540 metarouters.metaprotocol.aeraki.io']);
  expect(scene.messages()).toContain(
    'Let it get and list metarouters, and patch metarouters/status, of apiGroup metaprotocol.aeraki.io.',
  );
  limited.close();
});

test('while another replica is to write, nothing is sent; what is wanted is written once it is ours again', async () => {
  scene.setWriter(false);
  await kubernetes.apply(router('orders'));
  await kubernetes.apply(router('another'));
  const other = new StatusScene(api);
  await waitFor('another', 'Programmed');
  await other.close();
  expect(scene.sent).toEqual([]);
  await kubernetes.apply(router('orders', '', 'put'));
  scene.setWriter(true);
  await expect.poll(async () => (await shown('orders')).status?.observedGeneration).toBe(2);
});

test('the API server being away costs one write for each object whose status changed meanwhile', async () => {
  for (const name of ['a', 'b', 'c']) await kubernetes.apply(router(name));
  await waitFor('a', 'Programmed');
  await waitFor('b', 'Programmed');
  await waitFor('c', 'Programmed');
  await kubernetes.kill();
  // Told over and over while nobody listens.
  for (const id of ['p', 'q', 'r']) {
    scene.refusals = [refusal(id, 'a')];
    await scene.looked();
  }
  const tried = scene.sent.length;
  await kubernetes.restart();
  await waitFor('a', 'Programmed=False');
  await expect.poll(async () => (await condition('a', 'Programmed'))?.message).toContain('(r)');
  expect(scene.sent.slice(tried).filter(({ path: at }) => /\/[bc]\//.test(at))).toEqual([]);
});

test('a kind whose definition has no status is told of by events alone, and named', async () => {
  const definition = 'trafficsplits.split.smi-spec.io';
  const { stdout } = await kubernetes.kubectl(['get', 'crd', definition, '-o', 'jsonpath={.spec.versions[*].name}']);
  const without = stdout.split(' ').map((_, at) => ({ op: 'remove', path: `/spec/versions/${at}/subresources` }));
  await kubernetes.kubectl(['patch', 'crd', definition, '--type=json', '-p', JSON.stringify(without)]);
  const split = `apiVersion: split.smi-spec.io/v1alpha2
kind: TrafficSplit
metadata: { name: canary, namespace: shop }
spec: { service: nowhere, backends: [{ service: nothing, weight: 1 }] }
`;
  await kubernetes.apply(split);
  await expect.poll(async () => eventsOf('canary')).toContainEqual(expect.stringContaining('RefNotFound'));
  expect(scene.codes()).toContain(`ISTH1541 ${definition}`);
});

test('an object that was stored before its definition gained a rule is told of all the same', async () => {
  await kubernetes.apply(router('early'));
  await waitFor('early', 'Programmed');
  const definition = ['crd', 'metarouters.metaprotocol.aeraki.io'];
  const rule = { rule: 'self.routes.all(route, route.name.startsWith("r-"))', message: 'names begin with r-' };
  const at = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations/1';
  const change = (op: 'add' | 'remove') =>
    kubernetes.kubectl(['patch', ...definition, '--type=json', '-p', JSON.stringify([{ op, path: at, value: rule }])]);
  expect(await change('add')).toMatchObject({ code: 0 });
  onTestFinished(async () => {
    await change('remove');
  });
  const isRefused = async (): Promise<string> =>
    (await kubernetes.kubectl(['create', '--dry-run=server', '-f', '-'], router('later'))).stderr;
  await expect.poll(isRefused).toContain('names begin with r-');
  scene.refusals = [refusal('a', 'early')];
  await waitFor('early', 'Programmed=False');
  scene.refusals = [];
  await waitFor('early', 'Programmed');
});

test('a TrafficTarget is not enforced in a mesh whose access is disabled or permissive, and says so', async () => {
  await kubernetes.apply(`apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: buyers, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: orders, namespace: shop }
  sources: [{ kind: ServiceAccount, name: buyer, namespace: shop }]
  rules: [{ kind: TCPRoute, name: all }]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: all, namespace: shop }
spec: { matches: { ports: [9090] } }
`);
  const wait = ['wait', '--for=condition=Enforced=False', '--timeout=60s', '-n', 'shop', 'traffictarget/buyers'];
  expect((await kubernetes.kubectl(wait)).stdout).toContain('condition met');
  const output = 'jsonpath={.status.conditions[?(@.type=="Enforced")].reason}';
  const reason = ['get', 'traffictarget', 'buyers', '-n', 'shop', '-o', output];
  expect((await kubernetes.kubectl(reason)).stdout).toBe('AccessDisabled');
  const mesh = `apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { access: { mode: Permissive } }
`;
  await kubernetes.apply(mesh);
  onTestFinished(async () => {
    await kubernetes.kubectl(['delete', '-f', '-'], mesh);
  });
  await expect.poll(async () => (await kubernetes.kubectl(reason)).stdout).toBe('AccessPermissive');
});

test('a status that somebody wiped is put right, once', async () => {
  await kubernetes.apply(router('orders'));
  await waitFor('orders', 'Programmed');
  const before = scene.sent.length;
  const wiped = JSON.stringify({ status: { conditions: [], observedGeneration: 25 } });
  await kubernetes.kubectl([
    'patch',
    'metarouter',
    'orders',
    '-n',
    'shop',
    '--subresource=status',
    '--type=merge',
    '-p',
    wiped,
  ]);
  await waitFor('orders', 'Programmed');
  const { metadata, status } = await shown('orders');
  expect(status?.observedGeneration).toBe(metadata.generation);
  expect(scene.sent.slice(before).filter(({ path: at }) => at.includes('/status'))).toHaveLength(1);
});

test('what its Namespace leaves to nobody has our conditions taken back, and said again once it is heeded', async () => {
  const ours = async (name: string) => (await shown(name)).status?.conditions ?? [];
  await kubernetes.apply(router('orders'));
  await kubernetes.apply(router('another'));
  await waitFor('orders', 'Programmed');
  await waitFor('another', 'Programmed');
  try {
    await kubernetes.kubectl(['label', 'namespace', 'shop', 'isthmus.dev/ignore=true']);
    await expect.poll(async () => ours('orders')).toEqual([]);
    await expect.poll(async () => ours('another')).toEqual([]);
  } finally {
    await kubernetes.kubectl(['label', 'namespace', 'shop', 'isthmus.dev/ignore-']);
  }
  await waitFor('orders', 'Programmed');
});

test('an object that is deleted is asked for no more', async () => {
  await kubernetes.apply(router('orders'));
  await kubernetes.apply(router('another'));
  await waitFor('orders', 'Programmed');
  await waitFor('another', 'Programmed');
  const before = scene.sent.length;
  await kubernetes.kubectl(['delete', 'metarouter', 'orders', '-n', 'shop']);
  await kubernetes.apply(router('another', '', 'put'));
  await expect.poll(async () => (await shown('another')).status?.observedGeneration).toBe(2);
  expect(scene.sent.slice(before).filter(({ path: at }) => at.includes('/orders/'))).toEqual([]);
});
