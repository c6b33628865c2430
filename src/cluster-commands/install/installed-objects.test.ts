/** Whose what is there is, before it is changed or removed: a stand-in for an API server; test/interop/kubernetes asks a real one. */
import { describe, expect, it } from 'vitest';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import type { ApiChange, ApiServer } from '../../kubernetes-api/api-server.ts';
import { applyObject, deleteObject } from '../cluster-objects.ts';
import { untilGone, untilReady } from '../readiness.ts';
import { isOfInstallation, standingOf, whoseIs } from './installed-objects.ts';
import { othersIn } from './namespace-contents.ts';
import { refuseElsewhere } from './other-revisions.ts';
import { planOf } from './uninstall-plan.ts';

/** Has what the test says, by path, or of the path with its query; all else is not there. What is sent is kept, and answered. */
function serverWith(objects: Readonly<Record<string, unknown>>) {
  const sent: ApiChange[] = [];
  const server: ApiServer = {
    async get(path) {
      const named = objects[path.split('?')[0] ?? ''];
      const found: unknown = typeof named === 'function' ? named(decodeURIComponent(path)) : named;
      if (found === undefined) throw new ApiFailure('not found', { status: 404 });
      if (found instanceof Error) throw found;
      return found;
    },
    async send(change) {
      sent.push(change);
      return change.body;
    },
    stream: () => {
      throw new Error('nothing is followed');
    },
    close: () => {},
  };
  return { server, sent };
}

const labels = (release: string) => ({
  'app.kubernetes.io/managed-by': 'isthmus-install',
  'app.kubernetes.io/instance': release,
});
const policyPath = '/apis/networking.k8s.io/v1/namespaces/isthmus-system/networkpolicies/isthmus';
const policy = { kind: 'NetworkPolicy', namespace: 'isthmus-system', name: 'isthmus' };
const policyOf = (own: object) => ({ ...policy, metadata: { name: 'isthmus', uid: 'u1', labels: own } });
const wish = {
  release: 'isthmus',
  namespace: 'isthmus-system',
  revision: 'default',
  isConfirmed: false,
  isWithDefinitions: false,
  timeoutMs: 1000,
  now: () => 0,
  progress: () => {},
};

describe('what has the name of something that is installed', () => {
  it.each([
    ['nobody', {}, 'nothing on it says whose it is'],
    ['Helm', { 'app.kubernetes.io/managed-by': 'Helm' }, 'it is managed by Helm'],
    ['another installation', labels('isthmus-canary'), 'it is of the installation "isthmus-canary"'],
  ])('is not of the installation where it is of %s', async (_, own, whose) => {
    const { server } = serverWith({ [policyPath]: policyOf(own) });
    expect(await standingOf(server, policy, 'isthmus')).toEqual({ is: 'foreign', whose });
  });

  it('is meant by its uid where it is, and not at all where it is gone', async () => {
    const { server, sent } = serverWith({ [policyPath]: policyOf(labels('isthmus')) });
    expect(await standingOf(server, policy, 'isthmus')).toEqual({ is: 'installed', uid: 'u1' });
    expect(await standingOf(serverWith({}).server, policy, 'isthmus')).toEqual({ is: 'gone' });
    await deleteObject(server, policyPath, 'u1');
    expect(sent).toMatchObject([{ method: 'DELETE', body: { preconditions: { uid: 'u1' } } }]);
  });

  it('is changed only where it is asked for by name', async () => {
    const { server, sent } = serverWith({ [policyPath]: policyOf({}) });
    const manifest = policyOf(labels('isthmus'));
    const foreign = (there: object) => (isOfInstallation({ ...there }, manifest) ? undefined : whoseIs({ ...there }));
    const refused = applyObject(server, policy, manifest, { force: false, foreign });
    await expect(refused).rejects.toThrow(
      'NetworkPolicy isthmus-system/isthmus is there already, and not by this installation: nothing on it says whose it is',
    );
    expect(sent).toEqual([]);
    await applyObject(server, policy, manifest, { force: true, foreign });
    expect(sent).toHaveLength(1);
  });
});

it('cannot be put into a namespace that is being deleted, and says how to wait until it is gone', async () => {
  const says =
    'networkpolicies "isthmus" is forbidden: unable to create new content in namespace isthmus-system because it is being terminated';
  const { server } = serverWith({});
  const ending: ApiServer = { ...server, send: () => Promise.reject(new ApiFailure(says, { status: 403 })) };
  const applied = applyObject(ending, policy, policyOf({}), { force: false, foreign: () => undefined });
  await expect(applied).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/is being deleted\. .*kubectl wait --for=delete namespace\/isthmus-system/),
  });
});

describe('what is to go with a control plane', () => {
  it('is neither what stands where something was installed, nor what only bears its labels', async () => {
    const own = { 'app.kubernetes.io/managed-by': 'isthmus', 'isthmus.dev/rev': 'default' };
    const entry = (name: string, manager: string) => ({
      metadata: {
        name,
        namespace: 'shop',
        uid: name,
        resourceVersion: '1',
        labels: own,
        managedFields: [{ manager, operation: 'Apply', fieldsV1: { 'f:spec': {} } }],
      },
    });
    const istio = '/apis/networking.istio.io/v1';
    const { server } = serverWith({
      '/api/v1/namespaces/isthmus-system/configmaps/isthmus-installed': {
        data: { version: '0.1.0', revision: 'default', values: '{}', objects: JSON.stringify([policy]) },
      },
      [policyPath]: policyOf({}),
      [istio]: { resources: [{ name: 'serviceentries' }] },
      '/api/v1': { resources: [] },
      [`${istio}/serviceentries`]: { items: [entry('ours', 'isthmus'), entry('copied', 'kubectl')] },
    });
    const plan = await planOf(server, wish);
    expect(plan.installed).toEqual([]);
    expect(plan.written).toEqual([
      { path: `${istio}/namespaces/shop/serviceentries/ours`, name: 'serviceentries shop/ours', uid: 'ours' },
    ]);
    expect(plan.kept.map(({ name }) => name)).toEqual([
      'NetworkPolicy isthmus-system/isthmus',
      'serviceentries shop/copied',
    ]);
  });
});

describe('a control plane that is in another namespace', () => {
  const deployment = {
    metadata: { name: 'isthmus', namespace: 'home', labels: { 'isthmus.dev/control-plane': 'default' } },
  };
  const lease = (holder: string) => ({
    metadata: { name: 'isthmus', namespace: 'home', labels: { 'isthmus.dev/rev': 'default' } },
    spec: { holderIdentity: holder },
  });
  /** As an API server selects: those of the revision where it is asked for. */
  const selected = (one: object) => (path: string) => ({
    items: /=default(&|$)/.test(path) && !path.includes('!=') ? [one] : [],
  });

  it.each([
    [
      'its Deployment',
      { '/apis/apps/v1/deployments': selected(deployment) },
      'To remove it there: isthmus uninstall -n home --revision default.',
    ],
    [
      'the Lease that it holds',
      { '/apis/coordination.k8s.io/v1/leases': selected(lease('isthmus-1')) },
      'Where none runs there any more: kubectl -n home delete lease isthmus.',
    ],
    [
      'both',
      {
        '/apis/apps/v1/deployments': selected(deployment),
        '/apis/coordination.k8s.io/v1/leases': selected(lease('isthmus-1')),
      },
      'for another. To remove it there',
    ],
  ])(
    'is told by %s, with what to do about it, and nothing of it is planned to go, or is installed over',
    async (_, objects, remedy) => {
      const { server, sent } = serverWith({ ...objects, '/api/v1': { resources: [] } });
      await expect(planOf(server, wish)).rejects.toThrow(
        'Control plane "default" is in namespace home, and not in isthmus-system: say -n home',
      );
      await expect(refuseElsewhere(server, 'default', 'isthmus-system')).rejects.toThrow(remedy);
      expect(sent).toEqual([]);
    },
  );

  it('is none where it is in this one, is another one, or gave its Lease up', async () => {
    const here = serverWith({ '/apis/apps/v1/deployments': selected(deployment) });
    await refuseElsewhere(here.server, 'default', 'home');
    await refuseElsewhere(here.server, 'canary', 'isthmus-system');
    const gone = serverWith({ '/apis/coordination.k8s.io/v1/leases': selected(lease('')) });
    await refuseElsewhere(gone.server, 'default', 'isthmus-system');
  });
});

describe('what is being deleted', () => {
  const crd = { kind: 'CustomResourceDefinition', name: 'meshconfigs.isthmus.dev' };

  it('is waited for, and named where it stays', async () => {
    const told: string[] = [];
    const lists = [[crd], [crd], []];
    await untilGone(
      async () => lists.shift() ?? [],
      60_000,
      (text) => told.push(text),
    );
    expect([lists, told]).toEqual([[], [`waiting: being deleted: CustomResourceDefinition ${crd.name}`]]);
    await expect(
      untilGone(
        async () => [crd],
        0,
        () => {},
      ),
    ).rejects.toThrow(`being deleted: CustomResourceDefinition ${crd.name}`);
  });
});

it('an installation that is not ready in time says what for, and how to go on', async () => {
  const deployment = { kind: 'Deployment', namespace: 'isthmus-system', name: 'isthmus' };
  const { server } = serverWith({
    '/apis/apps/v1/namespaces/isthmus-system/deployments/isthmus': {
      metadata: { generation: 1 },
      spec: { replicas: 2 },
      status: { observedGeneration: 1, updatedReplicas: 2 },
    },
  });
  await expect(untilReady(server, [deployment], 0, () => {})).rejects.toThrow(
    /^Not ready after 0 s: Deployment isthmus-system\/isthmus: 0 of 2 replicas are ready\. What was applied stays: "isthmus check"/,
  );
});

describe('a namespace that was made', () => {
  const resource = (name: string, namespaced = true) => ({ name, namespaced, verbs: ['list', 'delete'] });
  const groups = [{ name: 'batch', versions: [{ version: 'v1' }, { version: 'v1beta1' }] }];
  const empty = {
    '/apis': { groups },
    '/api/v1': { resources: [resource('configmaps'), resource('pods'), resource('namespaces', false)] },
    '/apis/batch/v1': { resources: [resource('jobs'), resource('jobs/status')] },
    '/apis/batch/v1beta1': { resources: [resource('cronjobs')] },
    '/api/v1/namespaces/made/configmaps': { items: [{ metadata: { name: 'kube-root-ca.crt' } }] },
    '/apis/batch/v1/namespaces/made/jobs': { items: [{ metadata: { name: 'a', ownerReferences: [{ uid: 'b' }] } }] },
  };

  it('holds nothing of others where there is but what Kubernetes makes, and what goes with its owner', async () => {
    expect(await othersIn(serverWith(empty).server, 'made')).toEqual([]);
  });

  it('holds what is of any kind in any version, and what cannot be seen', async () => {
    const jobs = { '/apis/batch/v1beta1/namespaces/made/cronjobs': { items: [{ metadata: { name: 'keep-keys' } }] } };
    expect(await othersIn(serverWith({ ...empty, ...jobs }).server, 'made')).toEqual(['cronjobs']);
    const mute = { '/apis/batch/v1': new ApiFailure('metrics are away', { status: 503 }) };
    const [unseen] = await othersIn(serverWith({ ...empty, ...mute }).server, 'made');
    expect(unseen).toMatch(/what cannot be seen .*metrics are away/);
  });
});
