import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NamespaceChange, NamespaceWish } from '../../../src/cli/actions.ts';
import { changeNamespaces, listNamespaces } from '../../../src/cluster-commands/namespaces/namespaces.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

let kubernetes: KubernetesServer;

const lease = (revision: string, namespace: string) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: {
    name: revision === 'default' ? 'isthmus' : `isthmus-${revision}`,
    namespace,
    labels: { 'app.kubernetes.io/managed-by': 'isthmus', 'isthmus.dev/rev': revision },
  },
});
const service = (namespace: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name },
  spec: { ports: [{ port: 80 }] },
});
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

beforeAll(async () => {
  kubernetes = await KubernetesServer.start();
  const names = ['isthmus-system', 'elsewhere', 'shop', 'till', 'empty'];
  const items = [
    ...names.map(namespace),
    lease('default', 'isthmus-system'),
    lease('canary', 'elsewhere'),
    service('shop', 'a'),
    service('shop', 'b'),
    service('till', 'a'),
  ];
  await kubernetes.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
});
afterAll(async () => {
  await kubernetes?.stop();
});

async function change(kind: NamespaceChange, name: string, more: Partial<NamespaceWish> = {}) {
  const wish = { change: kind, namespaces: [name], revision: 'default', injects: true, dryRun: false };
  return changeNamespaces({ kubeconfig: kubernetes.kubeconfig() }, { ...wish, isConfirmed: false, ...more });
}

async function meaningOf(name: string): Promise<string | undefined> {
  const all = await listNamespaces({ kubeconfig: kubernetes.kubeconfig() });
  return all.find((one) => one.name === name)?.meaning;
}

describe('isthmus namespace', () => {
  it('says of namespaces of Kubernetes and of control planes what is so: no proxies, and the former left out', async () => {
    for (const name of ['kube-system', 'kube-public', 'kube-node-lease'])
      expect(await meaningOf(name)).toBe("left out: it is Kubernetes' own");
    for (const name of ['isthmus-system', 'elsewhere'])
      expect(await meaningOf(name)).toBe('heeded by all control planes; its Pods never get a proxy');
  });

  it.each(['isthmus-system', 'elsewhere'])('puts no proxies beside a control plane: %s', async (name) => {
    await expect(change('add', name)).rejects.toThrow(`${name} is the namespace of a control plane`);
    expect(await meaningOf(name)).toContain('all control planes');
  });

  it('takes nothing from a control plane before that is confirmed, and says what it would take', async () => {
    const before = await meaningOf('shop');
    expect(await change('add', 'shop', { revision: 'canary' })).toEqual({
      isDone: false,
      steps: [
        {
          name: 'shop',
          meaning: 'heeded by the revision "canary"; its Pods get a proxy',
          loss: 'dropped at once by the control plane of revision "default": Service (2)',
        },
      ],
    });
    expect(await change('ignore', 'shop')).toMatchObject({
      isDone: false,
      steps: [{ loss: 'dropped at once by the control plane of revision "canary" and "default": Service (2)' }],
    });
    expect(await meaningOf('shop')).toBe(before);
    expect(await change('ignore', 'shop', { isConfirmed: true })).toMatchObject({ isDone: true });
    expect(await meaningOf('shop')).toBe('ignored');
  });

  it('changes none of several where one of them is not confirmed', async () => {
    expect(await change('ignore', 'empty', { namespaces: ['empty', 'till'] })).toMatchObject({ isDone: false });
    expect(await meaningOf('empty')).toContain('all control planes');
  });

  it('asks nobody where nothing is there, and where nothing is taken', async () => {
    expect(await change('ignore', 'empty')).toMatchObject({ isDone: true });
    const kept = await change('remove', 'empty');
    expect(kept).toEqual({
      isDone: true,
      steps: [{ name: 'empty', meaning: 'heeded by all control planes; its Pods get a proxy where they ask for it' }],
    });
    expect(await meaningOf('empty')).toBe(kept.steps[0]?.meaning);
  });

  it('names an API server that does not answer, and waits for it no longer than it was told to', async () => {
    kubernetes.freeze();
    try {
      const asked = listNamespaces({ kubeconfig: kubernetes.kubeconfig(), requestTimeout: 200 });
      await expect(asked).rejects.toThrow(
        /^the API server https:\S+ did not answer within 0.2 s\. See that the API server runs, that this machine reaches it, .*--kubeconfig/,
      );
    } finally {
      kubernetes.thaw();
    }
  });
});
