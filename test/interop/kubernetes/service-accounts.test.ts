/** A control plane in a cluster, with the rights of its chart: who has a service account there gets a certificate. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCertificates } from '../../../src/certificates/certificate-text.ts';
import { renderInstallation } from '../../../src/cluster-commands/install/install.ts';
import {
  type RunningIsthmus,
  runIsthmus,
  startIsthmus,
  startUntil,
  temporaryFolder,
} from '../../e2e/isthmus-process.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { prepareNamespaces } from './webhook-stage.ts';

/** What the chart has of some kinds. */
function listOf(...kinds: readonly string[]): string {
  const all = renderInstallation({ release: 'isthmus', namespace: 'isthmus-system', values: [] });
  const items = all.filter(({ kind }) => kinds.includes(String(kind)));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

describe('proxies with a service account', () => {
  let kubernetes: KubernetesServer;

  beforeAll(async () => {
    kubernetes = await KubernetesServer.start();
    await kubernetes.applyDefinitions('crds');
    await prepareNamespaces(kubernetes, 'shop');
    await kubernetes.apply(listOf('ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'));
    // Nobody is reached by them here; who vouches for us is told all the same.
    await kubernetes.apply(listOf('ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'));
    for (const account of ['orders', 'till'])
      await kubernetes.kubectl(['create', 'serviceaccount', account, '-n', 'shop']);
  });

  afterAll(() => kubernetes?.stop());

  async function token(account: string, audience = 'isthmus'): Promise<string> {
    const { stdout } = await kubernetes.kubectl(['create', 'token', account, '-n', 'shop', '--audience', audience]);
    return stdout.trim();
  }

  function controlPlane(): Promise<RunningIsthmus> {
    const everywhere = ['--xds', '--xds-tls', '--admin', '--webhook'].flatMap((flag) => [flag, '127.0.0.1:0']);
    return startIsthmus(['--kubernetes', '--kubeconfig', kubernetes.kubeconfig('isthmus'), ...everywhere]);
  }

  function securedAddress(running: RunningIsthmus): string {
    return /"xdsTls":"([^"]+)"/.exec(running.log())?.[1] ?? '';
  }

  it('get a certificate from any replica, by a token that is for us, and the roots of their namespace', async () => {
    const replicas = [await controlPlane(), await controlPlane()];
    const added = await runIsthmus(['namespace', 'add', 'shop', '--kubeconfig', kubernetes.kubeconfig()]);
    expect(added).toMatchObject({ code: 0 });
    for (const kind of ['validatingwebhookconfiguration', 'mutatingwebhookconfiguration']) {
      const bundles = ['get', kind, 'isthmus', '-o', 'jsonpath={.webhooks[*].clientConfig.caBundle}'];
      await expect.poll(async () => (await kubernetes.kubectl(bundles)).stdout).not.toBe('');
    }
    const read = ['get', 'configmap', 'isthmus-roots', '-n', 'shop', '-o', 'jsonpath={.data.roots\\.pem}'];
    await expect.poll(async () => (await kubernetes.kubectl(read)).stdout).toContain('BEGIN CERTIFICATE');
    const folder = await temporaryFolder();
    const file = (name: string, text: string): string => {
      writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    const roots = file('roots.pem', (await kubernetes.kubectl(read)).stdout);
    const proxy = (address: string, account: string, tokenFile: string, name: string) => [
      ...['proxy', '--node', name, '--namespace', 'shop', '--service-account', account, '--xds-tls', address],
      ...['--certificates', path.join(folder, name), '--token-file', tokenFile, '--roots', roots],
      ...['--admin', '127.0.0.1:0'],
    ];
    for (const [at, replica] of replicas.entries()) {
      const given = file(`token-${at}`, await token('orders'));
      const running = await startUntil('started', proxy(securedAddress(replica), 'orders', given, `orders-${at}`));
      const chain = readFileSync(path.join(folder, `orders-${at}`, 'cert-chain.pem'), 'utf8');
      expect(readCertificates(chain, 'chain')).toHaveLength(1);
      running.process.kill('SIGTERM');
      await running.ended;
    }
    const [replica] = replicas;
    const address = replica === undefined ? '' : securedAddress(replica);
    const refused = async (account: string, written: string, name: string) =>
      (await runIsthmus(proxy(address, account, file(name, written), name))).stderr;
    expect(await refused('orders', await token('orders', 'vault'), 'a')).toContain(
      'it is not for the audience "isthmus"',
    );
    expect(await refused('till', await token('orders'), 'b')).toContain(
      'is for spiffe://cluster.local/ns/shop/sa/orders',
    );
    const whole = await token('orders');
    const broken = `${whole.slice(0, whole.lastIndexOf('.'))}.${'A'.repeat(342)}`;
    expect(await refused('orders', broken, 'c')).toContain('the API server does not know it');
  });
});
