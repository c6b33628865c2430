import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openClusterAccess } from './cluster-access.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isthmus-access-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test('where there is no kubeconfig it is said where one was looked for, and nobody is asked', async () => {
  vi.stubEnv('KUBECONFIG', '');
  vi.stubEnv('HOME', folder);
  await expect(openClusterAccess({})).rejects.toThrow(
    'the kubeconfig cannot be used: there is none, neither by KUBECONFIG nor in ~/.kube/config, and this is no Pod. Give one with --kubeconfig.',
  );
});

test('a server without TLS is shown no credentials', async () => {
  const plain = await kubeconfigOf('server: "http://127.0.0.1:1"');
  await expect(openClusterAccess({ kubeconfig: plain })).rejects.toThrow('http://127.0.0.1:1 is plain HTTP');
  const kubeconfig = await kubeconfigOf('server: "https://127.0.0.1:1"');
  const { server, url, namespace } = await openClusterAccess({ kubeconfig });
  server.close();
  expect([url, namespace]).toEqual(['https://127.0.0.1:1', 'shop']);
});

test("a server behind the kubeconfig's proxy-url is reached through it, and by nothing else", async () => {
  const asked: (string | undefined)[] = [];
  const proxy = http.createServer().on('connect', ({ url }, socket) => {
    asked.push(url);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const kubeconfig = await kubeconfigOf(
    `server: "https://cluster.example:6443", proxy-url: "http://127.0.0.1:${port}"`,
  );
  const { server } = await openClusterAccess({ kubeconfig });
  await expect(server.get('/version')).rejects.toThrow('Bad response: 502');
  expect(asked).toEqual(['cluster.example:6443']);
  server.close();
  proxy.close();
});

/** Path of one for user one of cluster one, which has these fields. */
async function kubeconfigOf(cluster: string): Promise<string> {
  const file = path.join(folder, 'config');
  await writeFile(
    file,
    `
apiVersion: v1
kind: Config
current-context: one
contexts: [{ name: one, context: { cluster: one, user: one, namespace: shop } }]
users: [{ name: one, user: { token: t } }]
clusters: [{ name: one, cluster: { ${cluster} } }]
`,
  );
  return file;
}
