/** Stock Envoys beside workloads that prove who they are: what no policy permits does not happen. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type EnvoyProcess, startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { requestRight, webService } from './web-manifests.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const envoy = peerUnderTest('envoy');

const store: Workload = { address: '127.0.77.1', namespace: 'books', serviceAccount: 'bookstore' };
const buyer: Workload = { address: '127.0.77.2', namespace: 'books', serviceAccount: 'bookbuyer' };
const thief: Workload = { address: '127.0.77.3', namespace: 'books', serviceAccount: 'bookthief' };

const right = (method: string, ...callers: readonly Workload[]): string =>
  requestRight(store, { pathRegex: '/books', method }, ...callers);

describe.skipIf(envoy === undefined)('a mesh whose access is enforced', () => {
  let mesh: InteropMesh;
  let port = 0;
  let client: EnvoyProcess | undefined;
  let server: EnvoyProcess;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    mesh = await InteropMesh.start(
      { 'service.yaml': webService(store, port), 'target.yaml': right('GET', buyer) },
      '  access: { mode: Enforced }\n',
    );
    const application = createServer((request, response) => {
      response.end(JSON.stringify({ path: request.url, caller: request.headers['x-forwarded-client-cert'] ?? '' }));
    });
    application.listen(port, '127.0.0.1');
    onStop(() => application.close());
    server = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', store);
  });

  const stops: (() => void)[] = [];
  const onStop = (stop: () => void): void => void stops.push(stop);

  afterAll(async () => {
    await mesh?.stop();
    for (const stop of stops) stop();
  });

  async function as(workload: Workload): Promise<void> {
    client = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', workload);
    onTestFinished(async () => client?.stop());
  }

  /** By the server's Envoy, of all callers since it began. */
  const connectionsTaken = () => server.admin.stat(`listener.${store.address}_${port}.downstream_cx_total`);

  async function ask(path: string, method = 'GET'): Promise<string> {
    const host = await mesh.virtualIp('bookstore.books.mesh');
    const answer = await fetch(`http://${host}:${port}${path}`, { method }).catch(() => undefined);
    if (answer === undefined) return 'no connection';
    return answer.ok ? String(JSON.parse(await answer.text()).caller) : `${answer.status}`;
  }

  it('lets a caller do what a TrafficTarget permits, and tells the workload who it is', async () => {
    await as(buyer);
    await expect.poll(() => ask('/books')).toContain('URI=spiffe://cluster.local/ns/books/sa/bookbuyer');
    expect(await ask('/books/1')).toContain('bookbuyer');
    expect([await ask('/'), await ask('/admin'), await ask('/books', 'DELETE')]).toEqual(['403', '403', '403']);
  });

  it('takes a right away at once, also on connections that stand', async () => {
    await as(buyer);
    await expect.poll(() => ask('/books')).toContain('bookbuyer');
    const before = await connectionsTaken();
    expect(before).toBeGreaterThan(0);
    mesh.write('target.yaml', right('PUT', buyer));
    await expect.poll(() => ask('/books')).toBe('403');
    expect(await ask('/books', 'PUT')).toContain('bookbuyer');
    expect(await connectionsTaken()).toBe(before);
    mesh.write('target.yaml', right('GET', buyer));
    await expect.poll(() => ask('/books')).toContain('bookbuyer');
  });

  it('gives a caller whom nothing permits no way at all, until something does', async () => {
    await as(thief);
    expect(await ask('/books')).toBe('no connection');
    mesh.write('target.yaml', right('GET', buyer, thief));
    await expect.poll(() => ask('/books')).toContain('URI=spiffe://cluster.local/ns/books/sa/bookthief');
    mesh.write('target.yaml', right('GET', buyer));
    // A connection that stands is drained; the way behind it is gone at once.
    await expect.poll(() => ask('/books')).toMatch(/^(503|no connection)$/);
  });

  it('has no port that takes plaintext', async () => {
    await as(buyer);
    await expect.poll(() => ask('/books')).toContain('bookbuyer');
    await expect(fetch(`http://${store.address}:${port}/books`)).rejects.toThrow();
  });
});
