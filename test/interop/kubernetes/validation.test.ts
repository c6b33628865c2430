/** A real API server asks our validating webhook. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { prepareNamespaces, WebhookStage } from './webhook-stage.ts';

const year = 365 * 24 * 3_600_000;

/** What no definition can say is wrong: an expression that is none. */
function router(name: string, regex: string, labels: Readonly<Record<string, string>> = {}): string {
  const match = { attributes: { method: { regex } } };
  return JSON.stringify({
    apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
    kind: 'MetaRouter',
    metadata: { name, namespace: 'shop', labels },
    spec: { hosts: ['orders.shop.mesh'], routes: [{ match, route: [{ destination: { host: 'v1.shop.mesh' } }] }] },
  });
}

describe('the validating webhook', () => {
  let kubernetes: KubernetesServer;
  let stage: WebhookStage;

  beforeAll(async () => {
    kubernetes = await KubernetesServer.start();
    await kubernetes.applyDefinitions('crds');
    await prepareNamespaces(kubernetes, 'shop', 'ignored', 'canary');
    await kubernetes.kubectl(['label', 'namespace', 'ignored', 'isthmus.dev/ignore=true']);
    await kubernetes.kubectl(['label', 'namespace', 'canary', 'isthmus.dev/rev=canary']);
    stage = await WebhookStage.start(kubernetes);
    await stage.announce('validating');
    // The server takes up a configuration a moment after it was told.
    await vi.waitFor(async () => expect((await create(router('probe', '('))).code).toBe(1));
  });

  afterAll(async () => {
    await stage?.close();
    await kubernetes?.stop();
  });

  const create = (manifest: string, ...more: readonly string[]) =>
    kubernetes.kubectl(['apply', '-f', '-', ...more], manifest);

  it('refuses an object in the words of "isthmus validate"', async () => {
    const { code, stderr } = await create(router('orders', '('));
    expect(code).toBe(1);
    expect(stderr).toContain('admission webhook "validation.isthmus.dev" denied the request');
    expect(stderr).toMatch(/ISTH0209 spec\.routes\[0\]\.match\.attributes\.method\.regex: \S/);
  });

  it('takes a sound one, and says of what it refers to that it is not there; then that it is, without a word', async () => {
    const first = await create(router('orders', 'a.*'));
    expect(first).toMatchObject({ code: 0, stdout: 'metarouter.metaprotocol.aeraki.io/orders created\n' });
    expect(first.stderr).toMatch(/Warning: ISTH0503: There is no host orders\.shop\.mesh/);
    stage.hold(...['orders', 'v1'].map(serviceEntry));
    const again = await create(router('orders', 'b.*'));
    expect([again.code, again.stderr]).toEqual([0, '']);
  });

  it('refuses what an update makes wrong, and not what was wrong before it', async () => {
    expect((await create(router('sound', 'a.*'))).code).toBe(0);
    expect((await create(router('sound', '('))).stderr).toContain('ISTH0209');
    await withoutWebhook(async () => expect((await create(router('old', '('))).code).toBe(0));
    const labelled = await kubernetes.kubectl(['label', 'metarouter', 'old', '-n', 'shop', 'team=a']);
    expect(labelled).toMatchObject({ code: 0, stderr: expect.stringContaining('Warning: ISTH0209') });
    const worse = await create(router('old', '['));
    expect(worse).toMatchObject({ code: 1, stderr: expect.stringContaining('denied the request') });
    expect((await kubernetes.kubectl(['delete', 'metarouter', 'old', '-n', 'shop'])).code).toBe(0);
  });

  it('asks nothing of ignored namespaces, of other revisions, and of kinds that are not ours', async () => {
    const before = await requests();
    const elsewhere = (namespace: string) => router('x', '(').replace('"shop"', `"${namespace}"`);
    for (const namespace of ['ignored', 'canary'])
      expect(await create(elsewhere(namespace))).toMatchObject({ code: 0 });
    expect(await create(router('other', '(', { 'isthmus.dev/rev': 'canary' }))).toMatchObject({ code: 0 });
    const configMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', namespace: 'shop' },
      data: { a: 'b' },
    };
    expect(await create(JSON.stringify(configMap))).toMatchObject({ code: 0, stderr: '' });
    expect(await requests()).toBe(before);
  });

  it('says in one revision what is that of one, and in another what is that of the other', async () => {
    const canary = await WebhookStage.start(kubernetes, { revision: 'canary' });
    try {
      await canary.announce('validating');
      const ofCanary = (name: string) => router(name, '(').replace('"shop"', '"canary"');
      await expect.poll(async () => (await create(ofCanary('probe'))).code).toBe(1);
      expect((await create(ofCanary('y'))).stderr).toContain('"validation-of-revision.isthmus.dev" denied');
      // In a namespace of nobody both are asked: either alone would do.
      expect((await create(router('z', '('))).stderr).toContain('ISTH0209');
    } finally {
      await canary.close();
      await kubernetes.kubectl(['delete', 'validatingwebhookconfiguration', 'isthmus-canary']);
    }
  });

  it('judges each kind that it is asked about, of the cluster and of a namespace, once', async () => {
    const wrong = {
      apiVersion: 'isthmus.dev/v1alpha1',
      kind: 'ServiceRegistry',
      metadata: { name: 'wrong' },
      spec: { type: 'Snapshot', addresses: ['a.yaml', 'b.yaml'] },
    };
    const { stderr } = await create(JSON.stringify(wrong));
    expect(stderr).toContain('ISTH1001 spec.addresses[1]: A Snapshot is one file.');
    expect(stderr.match(/ISTH1001/g)).toHaveLength(1);
  });

  it('keeps nobody from anything when it is gone: neither from other objects nor from ours', async () => {
    await withoutWebhook(async () => {
      const wrong = await create(router('gone', '('));
      expect(wrong).toMatchObject({ code: 0 });
      const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other', namespace: 'shop' } };
      expect((await create(JSON.stringify(configMap))).code).toBe(0);
    });
    await expect.poll(async () => (await create(router('back', '('))).code).toBe(1);
  });

  it('is believed while its roots are replaced, under calls that never stop', async () => {
    await stage.close();
    // The root of a year that there is counts as old, so that another one takes its place at once.
    stage = await WebhookStage.start(kubernetes, { lives: { rootMs: 4 * year, leafMs: 4_000, settleMs: 500 } });
    await stage.announce('validating');
    await expect.poll(async () => (await create(router('rotating', '('))).code).toBe(1);
    const seen: (readonly string[])[] = [];
    const isReplaced = (): boolean => {
      const [first, last] = [seen[0], seen.at(-1)];
      return seen.some((roots) => roots.length === 2) && last?.length === 1 && last[0] !== first?.at(0);
    };
    while (!isReplaced()) {
      await stage.webhooks.look();
      seen.push(await believedRoots());
      // Ignore would let it in, had the server not believed us.
      expect((await create(router('rotating', '('))).stderr).toContain('ISTH0209');
    }
  });

  async function believedRoots(): Promise<readonly string[]> {
    const place = 'jsonpath={.webhooks[0].clientConfig.caBundle}';
    const { stdout } = await kubernetes.kubectl(['get', 'validatingwebhookconfiguration', 'isthmus', '-o', place]);
    return Buffer.from(stdout, 'base64')
      .toString('utf8')
      .split(/(?=-----BEGIN)/);
  }

  async function withoutWebhook(run: () => Promise<void>): Promise<void> {
    await stage.close();
    await run();
    stage = await WebhookStage.start(kubernetes);
    await stage.announce('validating');
    await expect.poll(async () => (await create(router('probe', '('))).code).toBe(1);
  }

  async function requests(): Promise<number> {
    const text = await stage.metrics.metrics();
    return [...text.matchAll(/^isthmus_webhook_requests_total\{.*\} (\d+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  }
});

function serviceEntry(name: string): object {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'shop' },
    spec: {
      hosts: [`${name}.shop.mesh`],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: 9090, name: 'tcp-metaprotocol-thrift', protocol: 'TCP' }],
      endpoints: [{ address: '10.0.0.1' }],
    },
  };
}
