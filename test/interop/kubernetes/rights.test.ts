/**
 * The rights that the chart grants are enough: the built program runs as the service account of the chart beside objects of
 * all kinds, and the API server notes who was refused what.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderInstallation } from '../../../src/cluster-commands/install/install.ts';
import { freePorts, startIsthmus } from '../../e2e/isthmus-process.ts';
import { type AuditedRequest, AuditLog } from '../../peers/kubernetes/audit-log.ts';
import { istioDefinitions } from '../../peers/kubernetes/istio-definitions.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

const root = path.resolve(import.meta.dirname, '../../..');
let folder = '';
const log = new AuditLog();
let kubernetes: KubernetesServer;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'isthmus-rights-'));
  kubernetes = await KubernetesServer.start({
    parameters: log.parameters(['system:serviceaccount:isthmus-system:isthmus']),
  });
  await kubernetes.apply(istioDefinitions());
  const manifests = renderInstallation({ release: 'isthmus', namespace: 'isthmus-system', values: [] });
  await kubernetes.applyDefinitions(path.join(root, 'crds'));
  const rest = manifests.filter(
    ({ kind }) => kind !== 'CustomResourceDefinition' && !String(kind).endsWith('WebhookConfiguration'),
  );
  await kubernetes.apply(rest.map((one) => JSON.stringify(one)).join('\n---\n'));
});

afterAll(async () => {
  await kubernetes?.stop();
  rmSync(folder, { recursive: true, force: true });
  log.remove();
});

test('a control plane is refused nothing with the rights of the chart', async () => {
  for (const name of ['shop', 'istio-system'])
    await kubernetes.apply(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, labels: { 'istio-injection': 'enabled', 'isthmus.dev/inject': 'true' } },
      }),
    );
  const entry = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'orders', namespace: 'shop' },
    spec: {
      hosts: ['orders.example.com'],
      addresses: ['10.5.0.1'],
      ports: [{ number: 9090, name: 'tcp-metaprotocol-dubbo', protocol: 'TCP' }],
      resolution: 'STATIC',
      endpoints: [{ address: '10.0.0.1' }],
    },
  };
  const router = {
    apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
    kind: 'MetaRouter',
    metadata: { name: 'orders', namespace: 'shop' },
    spec: {
      hosts: ['orders.example.com'],
      routes: [{ route: [{ destination: { host: 'orders.example.com', subset: 'unknown' } }] }],
    },
  };
  const spec = { ...entry.spec, hosts: ['stock.example.com'], addresses: [] };
  const unaddressed = { ...entry, metadata: { name: 'stock', namespace: 'shop' }, spec };
  for (const object of [entry, unaddressed, router]) await kubernetes.apply(JSON.stringify(object));
  const cluster = ['--kubernetes', '--kubeconfig', kubernetes.kubeconfig('isthmus')];
  const running = await startIsthmus([
    ...cluster,
    ...freePorts,
    '--xds-tls',
    '127.0.0.1:0',
    '--webhook',
    '127.0.0.1:0',
    '--registry-wait',
    '1',
  ]);
  const written = (): ReadonlySet<string | undefined> =>
    new Set(
      log
        .requests()
        .filter(({ verb }) => /^(patch|create|update)$/.test(verb))
        .map(({ objectRef }) => objectRef?.resource),
    );
  const awaited = ['leases', 'addressleases', 'secrets', 'configmaps', 'envoyfilters', 'metarouters'];
  await expect.poll(() => awaited.filter((resource) => !written().has(resource))).toEqual([]);
  expect(refusals(log.requests())).toEqual([]);
  running.process.kill('SIGTERM');
  expect(await running.ended).toBe(0);
});

test('a right that is missing from the start keeps nothing else from being written', async () => {
  const manifests = renderInstallation({ release: 'isthmus', namespace: 'isthmus-system', values: [] });
  const whole = JSON.stringify(manifests.find(({ kind }) => kind === 'ClusterRole'));
  await kubernetes.apply(whole.replace('"destinationrules",', ''));
  await kubernetes.kubectl(['delete', 'envoyfilters', '--all', '-A']);
  const running = await startIsthmus(['--kubernetes', '--kubeconfig', kubernetes.kubeconfig('isthmus'), ...freePorts]);
  const filters = async () => (await kubernetes.kubectl(['get', 'envoyfilters', '-A', '-o', 'name'])).stdout;
  await expect.poll(filters).toContain('outbound-orders.example.com-9090');
  const findings = await (await fetch(`http://${running.admin}/api/v1/findings`)).text();
  expect(findings).toContain('destinationrules');
  running.process.kill('SIGTERM');
  expect(await running.ended).toBe(0);
  await kubernetes.apply(whole);
});

test('without Istio by choice nothing is asked of its kinds, and what goes is taken for gone', async () => {
  const values = [{ rbac: { istio: false } }];
  const manifests = renderInstallation({ release: 'isthmus', namespace: 'isthmus-system', values });
  const roles = manifests.filter(({ kind }) => kind === 'ClusterRole');
  await kubernetes.apply(roles.map((one) => JSON.stringify(one)).join('\n---\n'));
  expect(JSON.stringify(manifests.find(({ kind }) => kind === 'Deployment'))).toContain('"--without-istio"');
  const before = log.requests().length;
  const cluster = ['--kubernetes', '--kubeconfig', kubernetes.kubeconfig('isthmus'), '--without-istio'];
  const running = await startIsthmus([...cluster, ...freePorts]);
  const snapshot = path.join(folder, 'registry.json');
  const instances = [{ id: '1', address: '10.1.0.1', ports: [{ number: 8080, protocol: 'grpc' }] }];
  writeFileSync(snapshot, JSON.stringify({ services: [{ namespace: 'shop', name: 'carts', instances }] }));
  const registry = {
    apiVersion: 'isthmus.dev/v1alpha1',
    kind: 'ServiceRegistry',
    metadata: { name: 'legacy' },
    spec: { type: 'Snapshot', addresses: [snapshot], interval: '100ms' },
  };
  await kubernetes.apply(JSON.stringify(registry));
  const states = ['get', 'vip', '-o', 'jsonpath={range .items[*]}{.spec.host} {.spec.state}{"\\n"}{end}'];
  const stateOf = async (): Promise<readonly string[]> =>
    (await kubernetes.kubectl(states)).stdout.split('\n').filter((line) => line.startsWith('carts.'));
  await expect.poll(stateOf).toEqual([expect.stringMatching(/ Bound$/)]);
  await kubernetes.kubectl(['delete', 'serviceregistry', 'legacy']);
  await expect.poll(stateOf).toEqual([expect.stringMatching(/ Tombstone$/)]);
  const since = log.requests().slice(before);
  expect(refusals(since)).toEqual([]);
  expect(since.filter(({ objectRef }) => objectRef?.apiGroup?.endsWith('.istio.io') === true)).toEqual([]);
  running.process.kill('SIGTERM');
  expect(await running.ended).toBe(0);
});

function refusals(all: readonly AuditedRequest[]): readonly string[] {
  const refused = all
    .filter(({ responseStatus }) => responseStatus?.code === 403)
    .map(
      ({ verb, objectRef }) =>
        `${verb} ${objectRef?.resource}/${objectRef?.subresource ?? ''}.${objectRef?.apiGroup ?? ''}`,
    );
  return [...new Set(refused)];
}
