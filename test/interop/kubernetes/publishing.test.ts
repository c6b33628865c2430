/** The roots of the mesh in the namespaces of a real cluster: where they are, and whose ConfigMaps are not touched. */
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fieldOf, textOf } from '../../../src/kubernetes-api/plain-fields.ts';
import type { Finding } from '../../../src/model/finding.ts';
import { InProcessPlane } from '../../e2e/in-process-plane.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

const systemNamespace = 'isthmus-system';
let kubernetes: KubernetesServer;

const namespace = (name: string, labels = ''): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}, labels: { ${labels} } }\n---\n`;
const labelled = 'isthmus.dev/inject: "true"';

beforeAll(async () => {
  kubernetes = await KubernetesServer.start();
  await kubernetes.applyDefinitions(path.resolve(import.meta.dirname, '../../../crds'));
  await kubernetes.apply(namespace(systemNamespace) + namespace('aaa', labelled) + namespace('theirs', labelled));
  await kubernetes.kubectl(['-n', 'theirs', 'create', 'configmap', 'isthmus-roots', '--from-literal=roots.pem=mine']);
  // Nobody ends it here: there is no controller of namespaces.
  await kubernetes.kubectl(['delete', 'namespace', 'aaa', '--wait=false']);
  await kubernetes.apply(`${namespace('shop', labelled)}${namespace('apart')}
apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { access: { mode: Permissive } }
`);
});

afterAll(async () => {
  await kubernetes?.stop();
});

async function read(kind: string, name: string, where: string): Promise<unknown> {
  const { stdout } = await kubernetes.kubectl(['get', kind, name, '-n', where, '-o', 'json', '--ignore-not-found']);
  return stdout === '' ? undefined : JSON.parse(stdout);
}

async function rootsIn(where: string): Promise<string | undefined> {
  return textOf(fieldOf(await read('configmap', 'isthmus-roots', where), 'data'), 'roots.pem');
}

test('roots are in every namespace with proxies: none keeps them from another, nobody loses what is his, and what is taken away comes back', async () => {
  const mesh = await InProcessPlane.create();
  await mesh.serve([], { cluster: { kubeconfig: kubernetes.kubeconfig(), revision: 'default', systemNamespace } });
  const found = (wanted: string): readonly Finding[] =>
    (mesh.plane?.findings() ?? []).filter(({ code }) => code === wanted);

  // a namespace that is about to go keeps the roots from no other
  await expect.poll(() => rootsIn('shop')).toContain('BEGIN CERTIFICATE');
  expect(await rootsIn('aaa')).toBeUndefined();

  // a ConfigMap of somebody else stays as it is, and who looks is told
  await expect
    .poll(() => found('ISTH1613'))
    .toMatchObject([
      {
        object: { kind: 'ConfigMap', namespace: 'theirs', name: 'isthmus-roots' },
        message: expect.stringContaining('kubectl-create'),
      },
    ]);
  expect(found('ISTH1612')).toEqual([]);
  expect(await rootsIn('theirs')).toBe('mine');
  await kubernetes.kubectl(['-n', 'theirs', 'delete', 'configmap', 'isthmus-roots']);
  await expect.poll(() => rootsIn('theirs')).toContain('BEGIN CERTIFICATE');
  await expect.poll(() => found('ISTH1613')).toEqual([]);

  // roots that somebody deletes are there again, with an event
  await kubernetes.kubectl(['-n', 'shop', 'delete', 'configmap', 'isthmus-roots']);
  await expect.poll(() => rootsIn('shop')).toContain('BEGIN CERTIFICATE');
  const events = ['get', 'events', '-n', 'shop', '-o', 'jsonpath={.items[*].reason}'];
  await expect.poll(async () => (await kubernetes.kubectl(events)).stdout).toContain('Repaired');

  // a namespace of which nobody said anything has them once a Pod in it has a proxy
  expect(await rootsIn('apart')).toBeUndefined();
  await kubernetes.apply(`apiVersion: v1
kind: ServiceAccount
metadata: { name: default, namespace: apart }
---
apiVersion: v1
kind: Pod
metadata: { name: by-hand, namespace: apart, annotations: { isthmus.dev/injected: "{}" } }
spec: { containers: [{ name: main, image: nothing }] }
`);
  await expect.poll(() => rootsIn('apart')).toContain('BEGIN CERTIFICATE');
  await mesh.stop();
});
