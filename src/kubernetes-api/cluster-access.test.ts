import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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
  const kubeconfig = path.join(folder, 'config');
  const written = (cluster: string): string => `
apiVersion: v1
kind: Config
current-context: one
contexts: [{ name: one, context: { cluster: one, user: one, namespace: shop } }]
users: [{ name: one, user: { token: t } }]
clusters: [{ name: one, cluster: { ${cluster} } }]
`;
  await writeFile(kubeconfig, written('server: "http://127.0.0.1:1"'));
  await expect(openClusterAccess({ kubeconfig })).rejects.toThrow('http://127.0.0.1:1 is plain HTTP');
  await writeFile(kubeconfig, written('server: "https://127.0.0.1:1"'));
  const { server, url, namespace } = await openClusterAccess({ kubeconfig });
  server.close();
  expect([url, namespace]).toEqual(['https://127.0.0.1:1', 'shop']);
});
