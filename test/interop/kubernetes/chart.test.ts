/**
 * The chart, rendered by Helm and by us, and what becomes of it on a real API server: what is installed, again, by another
 * version's values, checked and removed. Nothing here runs the Deployment: there are no nodes.
 */
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dump, loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { captured } from '../../../src/cli/captured-output-fixture.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { actions } from '../../../src/main/actions.ts';
import { isMap, type PlainMap } from '../../../src/resources/plain-values.ts';
import { renderedBy, valuesFolder } from '../../golden/chart/rendered-chart.ts';
import { helm } from '../../peers/helm/helm.ts';
import { istioDefinitions } from '../../peers/kubernetes/istio-definitions.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const chart = path.join(root, 'deploy/helm/isthmus');
const meshConfigKind = 'isthmus.dev/v1alpha1/MeshConfig';

function byHelm(file: string): readonly PlainMap[] {
  const text = helm([
    'template',
    'isthmus',
    chart,
    '-n',
    'isthmus-system',
    '-f',
    file,
    '--api-versions',
    meshConfigKind,
  ]);
  return loadAll(text).filter(isMap);
}

/** In any order: both apply them in an order of their own. */
function byName(manifests: readonly PlainMap[]): ReadonlyMap<string, PlainMap> {
  const entries = manifests.map((one): [string, PlainMap] => {
    const { namespace = '', name } = isMap(one.metadata) ? one.metadata : {};
    return [`${String(one.kind)} ${String(namespace)}/${String(name)}`, one];
  });
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe.each(readdirSync(valuesFolder))('values %s', (file) => {
  const values = path.join(valuesFolder, file);

  test('Helm and we make the same of the chart', () => {
    expect(byName(renderedBy(values))).toEqual(byName(byHelm(values)));
  });
});

test.each([
  ['a value that there is not', { replica: 3 }, 'replica'],
  ['a value of another type', { replicas: 'three' }, 'replicas'],
  ['a name that is none', { revision: 'A B' }, 'revision'],
])('%s is refused by Helm and by us', (_, values, name) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-values-'));
  const file = path.join(folder, 'values.yaml');
  writeFileSync(file, dump(values));
  try {
    expect(() => byHelm(file)).toThrow(name);
    expect(() => renderedBy(file)).toThrow(name);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('Helm refuses a copy that has lost the definitions of kinds, unless it is told to leave them out', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-chart-'));
  try {
    cpSync(chart, folder, { recursive: true, filter: (source) => !source.endsWith('/definitions') });
    const template = (...more: readonly string[]) => helm(['template', 'isthmus', folder, ...more]);
    expect(() => template()).toThrow('lost its definitions of kinds');
    expect(template('--set', 'crds.install=false')).toContain('kind: Deployment');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('in a cluster', () => {
  let kubernetes: KubernetesServer;

  beforeAll(async () => {
    kubernetes = await KubernetesServer.start();
    await kubernetes.apply(istioDefinitions());
    const monitors = istioDefinitions('ServiceEntry')
      .replaceAll('networking.istio.io', 'monitoring.coreos.com')
      .replaceAll('serviceentries', 'servicemonitors')
      .replaceAll('ServiceEntry', 'ServiceMonitor')
      .replaceAll('serviceentry', 'servicemonitor');
    await kubernetes.apply(monitors);
    await namespace('shop');
  });

  afterAll(async () => {
    await kubernetes?.stop();
  });

  async function namespace(name: string): Promise<void> {
    await kubernetes.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  }

  /** A command line of ours against this cluster. */
  async function isthmus(...parameters: readonly string[]): ReturnType<typeof captured> {
    const whole = [...parameters, '--kubeconfig', kubernetes.kubeconfig()];
    return captured(async () => runProgram('0.1.0', actions, whole));
  }

  /** As Istio before 1.22 does. */
  async function serveOnlyOldServiceEntries(): Promise<void> {
    const patch = JSON.stringify([{ op: 'replace', path: '/spec/versions/0/served', value: false }]);
    await kubernetes.kubectl(['patch', 'crd', 'serviceentries.networking.istio.io', '--type=json', '-p', patch]);
    const served = async (): Promise<string> =>
      (await kubernetes.kubectl(['get', '--raw', '/apis/networking.istio.io/v1'])).stdout;
    await expect.poll(served).not.toContain('"serviceentries"');
  }

  /** What a Deployment's controller would say. */
  async function pretendReady(): Promise<void> {
    const { stdout } = await kubernetes.kubectl(['-n', 'isthmus-system', 'get', 'deployment', 'isthmus', '-o', 'json']);
    const { metadata, spec } = JSON.parse(stdout) as { metadata: { generation: number }; spec: { replicas: number } };
    const { replicas } = spec;
    const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
    const patch = { status: { observedGeneration: metadata.generation, ...counts } };
    await kubernetes.kubectl([
      ...['-n', 'isthmus-system', 'patch', 'deployment', 'isthmus', '--subresource=status', '--type=merge'],
      ...['-p', JSON.stringify(patch)],
    ]);
  }

  test('it is ready to be installed into', async () => {
    const { code, stdout } = await isthmus('check', '--pre');
    expect(stdout).toContain('√ you may create and change a ClusterRole');
    expect(stdout).toContain('0 failed, 0 warnings');
    expect(code).toBe(0);
  });

  test('nothing there fails a check, each with a hint', async () => {
    const { code, stdout } = await isthmus('check', '-o', 'json');
    const results = JSON.parse(stdout) as readonly { check: string; result: string; hint: string }[];
    const bad = results.filter(({ result }) => result === 'failed');
    expect(bad.map(({ check }) => check)).toContain('Deployment isthmus-system/isthmus is ready');
    expect(bad.filter(({ hint }) => hint === '')).toEqual([]);
    expect(code).toBe(79);
  });

  test('where nothing is installed it is said what is missing, in a line, and nothing is said of what is not there', async () => {
    const { stdout } = await isthmus('check', '-o', 'json');
    const results = JSON.parse(stdout) as readonly { check: string; result: string; message: string; hint: string }[];
    const answerTo = (check: string) => results.find((one) => one.check.includes(check));
    expect(answerTo('may do what it needs')).toMatchObject({
      result: 'failed',
      message: expect.stringContaining('ClusterRole isthmus'),
      hint: expect.stringContaining('isthmus install'),
    });
    expect(Math.max(...results.map(({ message }) => message.length))).toBeLessThan(1000);
    expect(answerTo('those of ours are of version')).toMatchObject({ result: 'skipped' });
    expect(answerTo('every object is accepted')).toMatchObject({ result: 'skipped' });
    expect(answerTo('deletions that are held')).toMatchObject({ result: 'skipped' });
    expect(answerTo('vouches for MutatingWebhookConfiguration')?.hint).toContain('no Pod gets a proxy');
    expect(answerTo('vouches for ValidatingWebhookConfiguration')?.hint).toContain('after they are stored');
  });

  test('an upgrade of nothing is refused', async () => {
    expect(await isthmus('upgrade')).toMatchObject({ code: 65, stderr: expect.stringContaining('isthmus install') });
  });

  test('whoever may not install is told which right is missing', async () => {
    const { code, stdout } = await captured(async () =>
      runProgram('0.1.0', actions, ['check', '--pre', '--kubeconfig', kubernetes.kubeconfig('isthmus')]),
    );
    expect(stdout).toContain('× you may create and change a ClusterRole');
    expect(stdout).toContain('create, patch, get clusterroles.rbac.authorization.k8s.io');
    expect(code).toBe(79);
  });

  test('it is installed, and installing it again changes nothing', async () => {
    const first = await isthmus('install', '--wait=false');
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/: \d+ created, 0 changed, 0 removed, 0 unchanged/),
    });
    const second = await isthmus('install', '--wait=false');
    expect(second.stdout).toMatch(/: 0 created, 0 changed, 0 removed, \d+ unchanged/);
  });

  test('it waits until what it installed is ready, and says what it waits for', async () => {
    const waiting = isthmus('install', '--timeout', '60');
    await pretendReady();
    expect(await waiting).toMatchObject({ code: 0 });
    const patch = ['-n', 'isthmus-system', 'patch', 'deployment', 'isthmus', '--subresource=status', '--type=merge'];
    await kubernetes.kubectl([...patch, '-p', '{"status":{"availableReplicas":1}}']);
    const late = await isthmus('install', '--timeout', '1');
    expect(late).toMatchObject({ code: 69, stderr: expect.stringContaining('1 of 2 replicas are ready') });
  });

  test('an upgrade keeps the values of before, and removes what they leave out', async () => {
    await isthmus('upgrade', '--wait=false', '--set', 'replicas=3');
    const { stdout } = await isthmus('upgrade', '--wait=false', '--set', 'podDisruptionBudget.enabled=false');
    expect(stdout).toContain('1 removed');
    const budget = await kubernetes.kubectl(['-n', 'isthmus-system', 'get', 'pdb', 'isthmus']);
    expect(budget.stderr).toContain('not found');
    const replicas = await kubernetes.kubectl([
      ...['-n', 'isthmus-system', 'get', 'deployment', 'isthmus', '-o', 'jsonpath={.spec.replicas}'],
    ]);
    expect(replicas.stdout).toBe('3');
  });

  test('a field that somebody else wrote is not taken from him without a word', async () => {
    await kubernetes.kubectl(['-n', 'isthmus-system', 'scale', 'deployment', 'isthmus', '--replicas=7']);
    const refused = await isthmus('upgrade', '--wait=false');
    expect(refused).toMatchObject({ code: 65, stderr: expect.stringContaining('.spec.replicas') });
    expect(refused.stderr).toContain('--force-conflicts');
    expect(await isthmus('upgrade', '--wait=false', '--force-conflicts')).toMatchObject({ code: 0 });
  });

  test('what the chart grants is what the service account may do, and a rule that is taken away is named', async () => {
    const rights = async (): Promise<string> => (await isthmus('check')).stdout;
    expect(await rights()).toContain('√ service account isthmus-system/isthmus may do what it needs');
    const { stdout } = await kubernetes.kubectl(['get', 'clusterrole', 'isthmus', '-o', 'json']);
    const role = JSON.parse(stdout) as { rules: readonly { apiGroups: readonly string[] }[] };
    const rules = role.rules.filter(({ apiGroups }) => !apiGroups.includes('split.smi-spec.io'));
    const patch = JSON.stringify({ rules });
    await kubernetes.kubectl(['patch', 'clusterrole', 'isthmus', '--type=merge', '-p', patch]);
    await expect.poll(rights).toContain('It may not: get, list, watch trafficsplits.split.smi-spec.io');
    await isthmus('upgrade', '--wait=false', '--force-conflicts');
  });

  test('every variant of the chart is taken by the API server', async () => {
    for (const file of readdirSync(valuesFolder)) {
      const manifests = renderedBy(path.join(valuesFolder, file)).filter(
        ({ kind }) => kind !== 'CustomResourceDefinition',
      );
      const text = manifests.map((one) => JSON.stringify(one)).join('\n---\n');
      const dryRun = ['apply', '--server-side', '--force-conflicts', '--validate=strict', '-f', '-'];
      expect(await kubernetes.kubectl([...dryRun, '--dry-run=server'], text)).toMatchObject({ code: 0, stderr: '' });
    }
  });

  test('without --yes nothing is removed, and it is said what would be', async () => {
    const { code, stdout, stderr } = await isthmus('uninstall');
    expect(stderr).toContain('Give --yes to do it.');
    expect(stdout).toContain('Deployment isthmus-system/isthmus');
    expect(code).toBe(64);
    expect(await isthmus('uninstall', '--dry-run')).toMatchObject({ code: 0, stdout });
    expect(await kubernetes.kubectl(['-n', 'isthmus-system', 'get', 'deployment', 'isthmus'])).toMatchObject({
      code: 0,
    });
  });

  test('uninstalling leaves tombstones of virtual IPs, what users made, and nothing else', async () => {
    const labels = { 'app.kubernetes.io/managed-by': 'isthmus', 'isthmus.dev/rev': 'default' };
    const written = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: 'ours', namespace: 'shop', labels },
      spec: { hosts: ['a.example.com'] },
    };
    const theirs = { ...written, metadata: { name: 'theirs', namespace: 'shop' } };
    const lease = {
      apiVersion: 'isthmus.dev/v1alpha1',
      kind: 'AddressLease',
      metadata: { name: '240-241-0-7', labels },
      spec: {
        host: 'a.example.com',
        namespace: 'shop',
        ipv4: '240.241.0.7',
        state: 'Bound',
        since: '2026-11-21T00:00:00Z',
      },
    };
    const router = {
      apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
      kind: 'MetaRouter',
      metadata: { name: 'theirs', namespace: 'shop' },
      spec: { hosts: ['a.example.com'], routes: [{ route: [{ destination: { host: 'b.example.com' } }] }] },
    };
    const ofState = { 'app.kubernetes.io/managed-by': 'isthmus', 'isthmus.dev/state': 'value' };
    const secret = (name: string, own: object): object => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'isthmus-system', labels: own },
    });
    const secrets = [secret('isthmus-token-keys', ofState), secret('isthmus-theirs', {})];
    for (const object of [theirs, lease, router, ...secrets]) await kubernetes.apply(JSON.stringify(object));
    const asUs = ['apply', '--server-side', '--field-manager=isthmus', '-f', '-'];
    await kubernetes.kubectl(asUs, JSON.stringify(written));
    const status = { conditions: [], observedGeneration: 1 };
    await kubernetes.kubectl(
      [...['apply', '--server-side', '--field-manager=isthmus-status', '--subresource=status', '-f', '-']],
      JSON.stringify({ ...router, spec: undefined, status }),
    );
    await serveOnlyOldServiceEntries();
    const { code, stdout } = await isthmus('uninstall', '--yes');
    expect(stdout).toContain('Left: 1 virtual IPs as tombstones');
    expect(stdout).toContain('metarouters.metaprotocol.aeraki.io');
    expect(code).toBe(0);
    const entries = await kubernetes.kubectl(['get', 'serviceentries.v1beta1.networking.istio.io', '-A', '-o', 'name']);
    expect(entries.stdout).toBe('serviceentry.networking.istio.io/theirs\n');
    expect(await kubernetes.kubectl(['get', 'metarouters', '-A', '-o', 'name'])).toMatchObject({
      stdout: 'metarouter.metaprotocol.aeraki.io/theirs\n',
    });
    const told = await kubernetes.kubectl(['-n', 'shop', 'get', 'metarouter', 'theirs', '-o', 'jsonpath={.status}']);
    expect(told.stdout).toBe('');
    const left = await kubernetes.kubectl(['-n', 'isthmus-system', 'get', 'secrets', '-o', 'name']);
    expect(left.stdout).toBe('secret/isthmus-theirs\n');
    const state = await kubernetes.kubectl(['get', 'addresslease', '240-241-0-7', '-o', 'jsonpath={.spec.state}']);
    expect(state.stdout).toBe('Tombstone');
    // Of everything that the API server has, whatever kind it is of.
    const served = await kubernetes.kubectl(['api-resources', '--verbs=list', '-o', 'name']);
    const kinds = served.stdout.trim().split('\n').join(',');
    const ours = await kubernetes.kubectl([
      ...['get', kinds, '-A', '-o', 'name', '-l', 'app.kubernetes.io/managed-by=isthmus'],
    ]);
    expect(ours.stdout).toBe('addresslease.isthmus.dev/240-241-0-7\n');
    const rest = await kubernetes.kubectl([
      ...['get', 'clusterroles,clusterrolebindings,deployments,services,serviceaccounts,roles,rolebindings,crds', '-A'],
      ...['-o', 'name', '-l', 'app.kubernetes.io/part-of=isthmus'],
    ]);
    expect(rest.stdout.trim().split('\n').sort()).toEqual([
      'customresourcedefinition.apiextensions.k8s.io/addressleases.isthmus.dev',
      'customresourcedefinition.apiextensions.k8s.io/metarouters.metaprotocol.aeraki.io',
    ]);
    const again = await isthmus('uninstall');
    expect(again.stdout).toContain('Would stay: 1 virtual IPs as tombstones');
    expect(again).toMatchObject({ code: 0, stderr: '' });
  });

  test('uninstalling leaves what Pods need of another control plane, what others wrote into, and what was adopted', async () => {
    const revision = (name: string): object => ({
      'app.kubernetes.io/managed-by': 'isthmus',
      'isthmus.dev/rev': name,
    });
    const map = (where: string, name: string, more: object = {}): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: where, labels: { ...revision('default'), ...more } },
        data: { ours: 'value' },
      });
    const asUs = ['apply', '--server-side', '--field-manager=isthmus-roots', '-f', '-'];
    for (const name of ['second', 'lab', 'edited']) await namespace(name);
    await kubernetes.kubectl(['label', 'namespace', 'lab', 'isthmus.dev/rev=default']);
    for (const where of ['shop', 'lab', 'edited']) await kubernetes.kubectl(asUs, map(where, 'isthmus-roots'));
    await kubernetes.kubectl(asUs, map('shop', 'aeraki-bootstrap-config', { 'isthmus.dev/adopted': 'true' }));
    const key = ['-p', '{"data":{"theirs":"value"}}', '--field-manager=gardener'];
    await kubernetes.kubectl(['-n', 'edited', 'patch', 'configmap', 'isthmus-roots', '--type=merge', ...key]);
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'isthmus-canary', namespace: 'second', labels: revision('canary') },
      spec: { holderIdentity: 'isthmus-canary-1' },
    };
    await kubernetes.apply(JSON.stringify(lease));
    // One of ours, of which there are no objects.
    await kubernetes.kubectl(['label', 'crd', 'sidecars.networking.istio.io', 'app.kubernetes.io/part-of=isthmus']);
    const left = async (): Promise<readonly string[]> => {
      const path = ['-o', 'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{"\\n"}{end}'];
      const ours = ['-l', 'app.kubernetes.io/managed-by=isthmus', ...path];
      return (await kubernetes.kubectl(['get', 'configmaps,leases', '-A', ...ours])).stdout.trim().split('\n').sort();
    };
    const planned = await isthmus('uninstall', '-n', 'second');
    expect(planned.stdout).toMatch(/Would stay as they are:\n(.*\n)*.*shop\/isthmus-roots\n.*: canary\./);
    expect(planned.stdout).toMatch(/edited\/isthmus-roots\n.*gardener \(theirs\)/);
    expect(planned.stdout).toMatch(/shop\/aeraki-bootstrap-config\n.*taken over by "isthmus adopt"/);
    expect(planned.stdout).toMatch(/CustomResourceDefinition sidecars.*\n.*needs this definition: canary/);
    // The other one is in it.
    expect(planned.stdout).not.toContain('kubectl delete namespace');
    expect(await isthmus('uninstall', '-n', 'second', '--yes')).toMatchObject({
      code: 0,
      // Of the one before: it is a tombstone already.
      stdout: expect.stringContaining('Left: 1 virtual IPs as tombstones'),
    });
    const others = ['edited/isthmus-roots', 'shop/aeraki-bootstrap-config'];
    expect(await left()).toEqual([...others, 'second/isthmus-canary', 'shop/isthmus-roots'].sort());
    expect(await kubernetes.kubectl(['get', 'crd', 'sidecars.networking.istio.io'])).toMatchObject({ code: 0 });
    await kubernetes.kubectl(['-n', 'second', 'delete', 'lease', 'isthmus-canary']);
    expect(await isthmus('uninstall', '-n', 'second', '--yes')).toMatchObject({ code: 0 });
    expect(await left()).toEqual(others);
  });

  test("Aeraki's own definitions are left as they are, and it is said what they drop", async () => {
    await kubernetes.kubectl(['delete', 'crd', 'metarouters.metaprotocol.aeraki.io']);
    const theirs = istioDefinitions('Sidecar')
      .replaceAll('networking.istio.io', 'metaprotocol.aeraki.io')
      .replaceAll('v1beta1', 'v1alpha2')
      .replaceAll('v1alpha3', 'v1alpha1')
      .replaceAll('sidecars', 'metarouters')
      .replaceAll('Sidecar', 'MetaRouter')
      .replaceAll('sidecar', 'metarouter');
    const crd: unknown = JSON.parse(theirs);
    const hosts = { type: 'array', items: { type: 'string' } };
    const narrow = { type: 'object', properties: { spec: { type: 'object', properties: { hosts } } } };
    const text = JSON.stringify(crd, (key, value: unknown) => (key === 'openAPIV3Schema' ? narrow : value));
    await kubernetes.apply(text);
    // What was removed stays Terminating: nobody here ends namespaces.
    await namespace('elsewhere');
    const { stdout } = await isthmus('check', '--pre', '-n', 'elsewhere');
    expect(stdout).toContain('ServiceEntry is served as v1beta1, v1alpha3, and written as v1beta1.');
    expect(stdout).toMatch(/it drops spec.exportTo, spec.gateways, .* and 52 more/);
    const { stderr } = await isthmus('install', '-n', 'elsewhere', '--wait=false');
    expect(stderr).toContain('left alone: CustomResourceDefinition metarouters.metaprotocol.aeraki.io');
    const gone = await isthmus('uninstall', '-n', 'elsewhere', '--yes');
    expect(gone.stdout).toContain('Left: Namespace elsewhere; "kubectl delete namespace elsewhere" removes it');
    expect(await kubernetes.kubectl(['get', 'crd', 'metarouters.metaprotocol.aeraki.io'])).toMatchObject({ code: 0 });
    await kubernetes.kubectl(['delete', 'crd', 'metarouters.metaprotocol.aeraki.io']);
  });

  test('Helm installs and upgrades it, we leave that to Helm, and Helm removes all but definitions', async () => {
    const environment = { KUBECONFIG: kubernetes.kubeconfig(), HELM_DRIVER: 'secret' };
    const { stdout: left } = await kubernetes.kubectl([
      'get',
      'crd',
      '-l',
      'app.kubernetes.io/part-of=isthmus',
      '-o',
      'name',
    ]);
    for (const name of left.split('\n').filter((one) => one !== '')) await kubernetes.kubectl(['delete', name]);
    await namespace('by-helm');
    helm(['install', 'isthmus', chart, '-n', 'by-helm'], environment);
    expect(await isthmus('install', '-n', 'by-helm', '--wait=false')).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('helm upgrade'),
    });
    // It serves a new kind a moment after it has taken its definition.
    await expect
      .poll(async () => (await kubernetes.kubectl(['get', 'meshconfigs.isthmus.dev'])).stderr)
      .toContain('No resources found');
    helm(['upgrade', 'isthmus', chart, '-n', 'by-helm', '--set', 'meshConfig.trustDomain=mesh.example'], environment);
    const config = await kubernetes.kubectl([
      'get',
      'meshconfigs.isthmus.dev',
      'default',
      '-o',
      'jsonpath={.spec.trustDomain}',
    ]);
    expect(config.stdout).toBe('mesh.example');
    helm(['uninstall', 'isthmus', '-n', 'by-helm'], environment);
    expect(await kubernetes.kubectl(['-n', 'by-helm', 'get', 'deployments', '-o', 'name'])).toMatchObject({
      stdout: '',
    });
    expect(await kubernetes.kubectl(['get', 'crd', 'meshconfigs.isthmus.dev'])).toMatchObject({ code: 0 });
  });
});
