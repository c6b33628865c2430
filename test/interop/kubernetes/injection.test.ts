/** A real API server has Pods injected by our mutating webhook, and vouches for their service accounts. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { injectManifests } from '../../../src/cli/manifest-injection.ts';
import { changeNamespaces, listNamespaces } from '../../../src/cluster-commands/namespaces/namespaces.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { prepareNamespaces, WebhookStage } from './webhook-stage.ts';

interface PodShape {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly initContainers?: readonly { readonly name: string; readonly restartPolicy?: string }[];
    readonly containers: readonly { readonly name: string; readonly securityContext?: object }[];
  };
}

const proxied = ['isthmus-interception', 'isthmus-proxy'];

describe('Pods in a cluster', () => {
  let kubernetes: KubernetesServer;
  let stage: WebhookStage;

  beforeAll(async () => {
    kubernetes = await KubernetesServer.start();
    await prepareNamespaces(kubernetes, 'shop', 'quiet', 'ignored', 'plain');
    stage = await WebhookStage.start(kubernetes);
    await change('add', 'shop');
    await change('add', 'quiet', { injects: false });
    await stage.announce('mutating');
    await vi.waitFor(async () => expect(await namesIn('shop', 'probe')).toEqual(proxied));
  });

  afterAll(async () => {
    await stage?.close();
    await kubernetes?.stop();
  });

  function change(
    kind: 'add' | 'remove' | 'ignore',
    namespace: string,
    more: { injects?: boolean; dryRun?: boolean; revision?: string } = {},
  ) {
    const namespaces = [namespace];
    const wish = {
      change: kind,
      namespaces,
      revision: 'default',
      injects: true,
      dryRun: false,
      isConfirmed: false,
      ...more,
    };
    return changeNamespaces({ kubeconfig: kubernetes.kubeconfig() }, wish);
  }

  function manifest(namespace: string, name: string, more: object = {}, metadata: object = {}): string {
    const containers = [{ name: 'app', image: 'example.org/app' }];
    const spec = { serviceAccountName: 'default', automountServiceAccountToken: false, containers, ...more };
    return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, ...metadata }, spec });
  }

  /** Creates it, and gives it as it is there. */
  async function create(text: string): Promise<PodShape> {
    const { code, stdout, stderr } = await kubernetes.kubectl(['create', '-f', '-', '-o', 'json'], text);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  }

  async function namesIn(namespace: string, name: string, more: object = {}, metadata: object = {}) {
    await kubernetes.kubectl(['delete', 'pod', name, '-n', namespace, '--now', '--ignore-not-found']);
    const { spec } = await create(manifest(namespace, name, more, metadata));
    return (spec.initContainers ?? []).map((container) => container.name);
  }

  it('have a proxy that runs as long as they do, and no capability but in the step before it', async () => {
    const { spec, metadata } = await create(manifest('shop', 'orders', { serviceAccountName: 'orders' }));
    expect(spec.initContainers).toMatchObject([
      { name: 'isthmus-interception', securityContext: { capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } } },
      {
        name: 'isthmus-proxy',
        restartPolicy: 'Always',
        securityContext: { runAsNonRoot: true, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      },
    ]);
    expect(spec.containers).toMatchObject([{ name: 'app' }]);
    expect(spec.containers[0]).not.toHaveProperty('securityContext');
    expect(metadata.annotations?.['isthmus.dev/injected']).toContain('metaproxy');
  });

  it('have Envoy where they or their namespace ask for it', async () => {
    const asked = { annotations: { 'isthmus.dev/proxy': 'envoy' } };
    const envoy = ['isthmus-interception', 'isthmus-bootstrap', 'isthmus-certificates', 'isthmus-proxy'];
    expect(await namesIn('shop', 'by-itself', {}, asked)).toEqual(envoy);
    stage.hold({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { 'isthmus.dev/proxy': 'envoy' } },
    });
    expect(await namesIn('shop', 'by-namespace')).toEqual(envoy);
    stage.hold({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  });

  it('have one and no second where they were injected by hand, or are created anew from what the server has', async () => {
    const byHand = await injectManifests(Buffer.from(manifest('shop', 'by-hand')), {
      filename: '-',
      interception: true,
      namespace: 'shop',
      uninject: false,
    });
    const { spec } = await create(byHand.printed);
    expect(spec.initContainers?.map(({ name }) => name)).toEqual(proxied);
    // What the server made of it is what is sent by who edits it and creates it anew.
    await kubernetes.kubectl(['delete', 'pod', 'by-hand', '-n', 'shop', '--now']);
    const again = await create(JSON.stringify({ ...JSON.parse(manifest('shop', 'by-hand')), spec }));
    expect(again.spec.initContainers).toEqual(spec.initContainers);
  });

  it('have none where they or their namespace say so, in namespaces that are ignored, and on the network of their node', async () => {
    const says = (value: string) => ({ labels: { 'isthmus.dev/inject': value } });
    expect(await namesIn('plain', 'a')).toEqual([]);
    expect(await namesIn('quiet', 'a')).toEqual([]);
    expect(await namesIn('quiet', 'b', {}, says('true'))).toEqual(proxied);
    expect(await namesIn('shop', 'a', {}, says('false'))).toEqual([]);
    expect(await namesIn('shop', 'b', { hostNetwork: true })).toEqual([]);
    await change('ignore', 'ignored');
    expect(await namesIn('ignored', 'a', {}, says('true'))).toEqual([]);
  });

  it('are refused with a mistake in an annotation, in words', async () => {
    const mistaken = { annotations: { 'isthmus.dev/proxy': 'envyo' } };
    await expect(create(manifest('shop', 'mistaken', {}, mistaken))).rejects.toThrow(
      /denied the request: ISTH1601 metadata\.annotations\[isthmus\.dev\/proxy\]: "envyo" is none of metaproxy, envoy\./,
    );
  });

  it('do not start without a proxy where they are to have one and nobody answers; all others do', async () => {
    await stage.close();
    await expect(create(manifest('shop', 'late'))).rejects.toThrow(/failed calling webhook/);
    expect(await namesIn('plain', 'late')).toEqual([]);
    stage = await WebhookStage.start(kubernetes);
    await stage.announce('mutating');
    await expect.poll(async () => namesIn('shop', 'late').catch(String)).toEqual(proxied);
  });

  it('are said of by namespaces, which are labelled and listed', async () => {
    expect(await change('add', 'plain', { dryRun: true })).toEqual({
      isDone: true,
      steps: [{ name: 'plain', meaning: 'heeded by the revision "default"; its Pods get a proxy' }],
    });
    const listed = await listNamespaces({ kubeconfig: kubernetes.kubeconfig() });
    expect(listed.filter(({ name }) => ['shop', 'quiet', 'ignored', 'plain'].includes(name))).toMatchObject([
      { name: 'ignored', injection: '-', meaning: 'ignored' },
      { name: 'plain', injection: '-', meaning: expect.stringContaining('all control planes') },
      { name: 'quiet', revision: 'default', injection: 'disabled' },
      {
        name: 'shop',
        revision: 'default',
        injection: 'enabled',
        meaning: expect.stringContaining('its Pods get a proxy'),
      },
    ]);
    await expect(change('remove', 'shop', { revision: 'canary' })).rejects.toThrow('shop is of the revision "default"');
    await expect(change('add', 'kube-system')).rejects.toThrow("kube-system is Kubernetes' own");
    await expect(change('add', 'nowhere')).rejects.toThrow('namespaces "nowhere" not found');
    await change('remove', 'quiet');
    expect(await namesIn('quiet', 'c')).toEqual([]);
  });
});
