/** Two control planes in one cluster: what both heed has one that speaks for it, and nobody undoes what the other writes. */
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fieldOf, textOf } from '../../../src/kubernetes-api/plain-fields.ts';
import { InProcessPlane } from '../../e2e/in-process-plane.ts';
import { istioDefinitions } from '../../peers/kubernetes/istio-definitions.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

const systemNamespace = 'isthmus-system';
let kubernetes: KubernetesServer;

const namespace = (name: string, labels = ''): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}, labels: { isthmus.dev/inject: enabled${labels} } }\n---\n`;

const router = (name: string, more = '', method = 'get'): string => `apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: ${name}, namespace: ${more === '' ? 'shop' : more} }
spec:
  hosts: [${name}.shop.mesh]
  routes:
    - name: all
      match: { attributes: { method: { exact: ${method} } } }
      route: [{ destination: { host: ${name}.shop.mesh } }]
---
`;

beforeAll(async () => {
  kubernetes = await KubernetesServer.start();
  await kubernetes.apply(istioDefinitions());
  await kubernetes.applyDefinitions(path.resolve(import.meta.dirname, '../../../crds'));
  await kubernetes.apply(namespace(systemNamespace));
  await kubernetes.apply(namespace('shop') + namespace('lab', ', isthmus.dev/rev: canary'));
  await kubernetes.apply(`${router('orders')}${router('trial', 'lab')}
apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { access: { mode: Permissive } }
`);
});

afterAll(async () => {
  await kubernetes?.stop();
});

async function start(revision: string): Promise<InProcessPlane> {
  const mesh = await InProcessPlane.create();
  const cluster = { kubeconfig: kubernetes.kubeconfig(), revision, systemNamespace };
  await mesh.serve([], { cluster });
  return mesh;
}

async function read(kind: string, name: string, where = 'shop'): Promise<unknown> {
  const shown = ['get', kind, name, '-n', where, '-o', 'json', '--show-managed-fields', '--ignore-not-found'];
  const { stdout } = await kubernetes.kubectl(shown);
  return stdout === '' ? undefined : JSON.parse(stdout);
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Types of conditions by who said them. */
async function said(name: string, where = 'shop'): Promise<Readonly<Record<string, readonly string[]>>> {
  const object = await read('metarouter', name, where);
  const entries = list(fieldOf(fieldOf(object, 'metadata'), 'managedFields')).filter(
    (entry) => textOf(entry, 'subresource') === 'status',
  );
  return Object.fromEntries(
    entries.map((entry) => {
      const keys = fieldOf(fieldOf(fieldOf(entry, 'fieldsV1'), 'f:status'), 'f:conditions') ?? {};
      const types = Object.keys(keys).map((key) => key.replace(/^k:\{"type":"(.*)"\}$/, '$1'));
      return [textOf(entry, 'manager') ?? '', types.toSorted()];
    }),
  );
}

async function versionOf(kind: string, name: string, where = 'shop'): Promise<string | undefined> {
  return textOf(fieldOf(await read(kind, name, where), 'metadata'), 'resourceVersion');
}

async function rootsLabel(where: string): Promise<string | undefined> {
  const labels = fieldOf(fieldOf(await read('configmap', 'isthmus-roots', where), 'metadata'), 'labels');
  return textOf(labels, 'isthmus.dev/rev');
}

const plain = ['Accepted', 'Enforced', 'Programmed', 'ResolvedRefs'];
const beside = plain.map((type) => `canary.isthmus.dev/${type}`);

test('each says what it has to say under its own name, neither undoes the other, and who stays speaks on', async () => {
  const canary = await start('canary');
  await expect.poll(() => said('orders')).toEqual({ 'isthmus-canary-status': plain });
  const first = await start('default');
  await expect.poll(() => said('orders')).toEqual({ 'isthmus-status': plain, 'isthmus-canary-status': beside });
  await expect.poll(() => said('trial', 'lab')).toEqual({ 'isthmus-canary-status': plain });
  await expect.poll(() => rootsLabel('shop')).toBe('default');
  await expect.poll(() => rootsLabel('lab')).toBe('canary');
  const wait = [
    'wait',
    '--for=condition=canary.isthmus.dev/Accepted',
    '--timeout=60s',
    '-n',
    'shop',
    'metarouter/orders',
  ];
  expect((await kubernetes.kubectl(wait)).stdout).toContain('condition met');
  const quiet = async (): Promise<readonly (string | undefined)[]> => [
    await versionOf('metarouter', 'orders'),
    await versionOf('metarouter', 'trial', 'lab'),
    await versionOf('configmap', 'isthmus-roots'),
    await versionOf('configmap', 'isthmus-roots', 'lab'),
  ];
  const before = await quiet();
  // Both have looked at everything again by the time they have told of these, one after the other.
  for (const name of ['stock', 'users', 'carts']) {
    await kubernetes.apply(router(name) + namespace(`of-${name}`));
    await expect.poll(() => said(name)).toEqual({ 'isthmus-status': plain, 'isthmus-canary-status': beside });
    await expect.poll(() => rootsLabel(`of-${name}`)).toBe('default');
  }
  expect(await quiet()).toEqual(before);
  await first.stop();
  await expect.poll(() => said('orders')).toEqual({ 'isthmus-canary-status': plain, 'isthmus-status': plain });
  await kubernetes.apply(router('orders', '', 'put'));
  await expect
    .poll(async () => list(fieldOf(fieldOf(await read('metarouter', 'orders'), 'status'), 'conditions')))
    .toContainEqual(expect.objectContaining({ type: 'Accepted', status: 'True', observedGeneration: 2 }));
  await expect.poll(() => rootsLabel('shop')).toBe('canary');
  await canary.stop();
});
