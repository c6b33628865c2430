import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { IsthmusError } from '../model/errors.ts';
import { apiServerChecks } from './check/api-server-checks.ts';
import { askAll } from './check/checking.ts';
import { readObject } from './cluster-objects.ts';
import { withCluster } from './with-cluster.ts';

/** Ends no connection by itself, and says the same to all. */
async function clusterThatSays(status: number, body: object) {
  const server = http.createServer((_, response) => response.writeHead(status).end(JSON.stringify(body)));
  server.keepAliveTimeout = 0;
  const opened = new Promise<void>((resolve) => server.on('connection', () => resolve()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-'));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(async () => {
    await close();
    await rm(folder, { recursive: true });
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const kubeconfig = path.join(folder, 'kubeconfig');
  const config = {
    clusters: [{ name: 'it', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'it', user: {} }],
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
    'current-context': 'it',
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const connections = (): Promise<number> =>
    new Promise((resolve, reject) =>
      server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );
  return { target: { kubeconfig }, url, opened, connections, close };
}

it('gives a command its cluster, and no connection to it stays', async () => {
  const { target, opened, connections } = await clusterThatSays(200, { major: '1' });
  expect(await withCluster(target, async ({ server }) => server.get('/version'))).toEqual({ major: '1' });
  await opened;
  await expect.poll(connections).toBe(0);
});

it('names the server whose refusal a command did not expect, says what it means to the command, and leaves no connection', async () => {
  const { target, url, opened, connections } = await clusterThatSays(403, { message: 'you may not' });
  const ask = async (codeOf?: () => 'BAD_DATA'): Promise<unknown> =>
    withCluster(target, async ({ server }) => server.get('/version'), codeOf).catch((error: unknown) => error);
  expect(await ask()).toMatchObject({ code: 'UNAVAILABLE', message: `${url}: you may not.` });
  expect(await ask(() => 'BAD_DATA')).toMatchObject({ code: 'BAD_DATA' });
  await opened;
  await expect.poll(connections).toBe(0);
});

it('tells in the same words of a server that does not answer, whatever was asked of it', async () => {
  const { target, url, close } = await clusterThatSays(200, {});
  await close();
  const said = async (work: Parameters<typeof withCluster>[1]): Promise<unknown> =>
    withCluster(target, work).catch((error: unknown) => error);
  const wanted = {
    code: 'UNAVAILABLE',
    message: expect.stringMatching(new RegExp(`^${url}: connect ECONNREFUSED .*\\. See that .*--kubeconfig`)),
  };
  expect(await said(async ({ server }) => server.get('/version'))).toMatchObject(wanted);
  expect(await said(async ({ server }) => readObject(server, '/api/v1/configmaps/it'))).toMatchObject(wanted);
  const [answers] = await withCluster(target, async ({ server }) => {
    const cluster = { server, release: 'it', namespace: 'it', revision: 'it', now: () => 0 };
    return askAll(apiServerChecks(cluster).slice(0, 1), url);
  });
  expect(answers).toMatchObject({
    result: 'failed',
    message: expect.stringMatching(new RegExp(`^${url}: connect ECONNREFUSED`)),
    hint: expect.stringContaining('--kubeconfig'),
  });
});

it('leaves what a command itself throws as it is', async () => {
  const { target } = await clusterThatSays(200, {});
  const own = new IsthmusError('USAGE', 'Say which.');
  await expect(withCluster(target, () => Promise.reject(own))).rejects.toBe(own);
});
