import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type BootstrappedEnvoy, BootstrappedMesh } from './bootstrapped-mesh.ts';
import type { Workload } from './envoy-process.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { requestRight, webService } from './web-manifests.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const envoy = peerUnderTest('envoy');
const store: Workload = { address: '127.0.78.1', namespace: 'books', serviceAccount: 'bookstore' };
const buyer: Workload = { address: '127.0.78.2', namespace: 'books', serviceAccount: 'bookbuyer' };

/** Of a size that Envoy refuses unless its bootstrap lets it. */
const longPattern = '/books(/[a-z]{1,60}){0,3}$';

const right = requestRight(store, { pathRegex: longPattern, method: 'GET' }, buyer);

describe.skipIf(envoy === undefined)('a stock Envoy, started by nothing but the commands', () => {
  let mesh: BootstrappedMesh;
  let port = 0;
  let application: Server;
  let caller: BootstrappedEnvoy;
  let callee: BootstrappedEnvoy;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    application = createServer((request, response) => {
      response.end(`${request.url} ${request.headers['x-forwarded-client-cert'] ?? ''}`);
    }).listen(port, '127.0.0.1');
    mesh = await BootstrappedMesh.start(envoy ?? '', {
      'service.yaml': webService(store, port),
      'target.yaml': right,
    });
    callee = await mesh.startEnvoy(store);
    caller = await mesh.startEnvoy(buyer);
  });

  afterAll(async () => {
    await mesh?.stop();
    application?.close();
  });

  const ask = async (resource: string): Promise<string> => {
    const host = await mesh.virtualIp('bookstore.books.mesh');
    const answer = await fetch(`http://${host}:${port}${resource}`).catch(() => undefined);
    if (answer === undefined) return 'no connection';
    return answer.ok ? answer.text() : String(answer.status);
  };

  it('gets its configuration over mutual TLS, serves what is permitted, and nothing else', async () => {
    await expect.poll(() => ask('/books/novels')).toContain('URI=spiffe://cluster.local/ns/books/sa/bookbuyer');
    expect([await ask('/books/1'), await ask('/admin')]).toEqual(['403', '403']);
  });

  it('has nothing to complain of', () => {
    expect([caller.log(), callee.log()]).toEqual(['', '']);
  });

  it('takes up a renewed certificate from its folder', async () => {
    const serialOf = () =>
      new X509Certificate(readFileSync(path.join(caller.certificates, 'cert-chain.pem'))).serialNumber.toLowerCase();
    const used = async () => (await fetch(`http://127.0.0.1:${caller.adminPort}/certs`)).text();
    const before = serialOf();
    await expect.poll(used).toContain(before);
    await mesh.bootstrap(buyer, caller.adminPort);
    expect(serialOf()).not.toBe(before);
    await expect.poll(used).toContain(serialOf());
    expect(await used()).not.toContain(before);
  });

  it('comes back with it to a control plane that was started anew, and hears what is new there', async () => {
    await expect.poll(() => ask('/books/novels')).toContain('bookbuyer');
    await mesh.restartControlPlane();
    expect(await ask('/books/novels')).toContain('bookbuyer');
    mesh.write('target.yaml', right.replace(buyer.serviceAccount, 'bookthief'));
    await expect.poll(() => ask('/books/novels')).toMatch(/^(403|503|no connection)$/);
    mesh.write('target.yaml', right);
    await expect.poll(() => ask('/books/novels')).toContain('bookbuyer');
  });

  it('has its certificate kept fresh by a command that ends when it is told to', async () => {
    expect(await mesh.keepFresh(caller)).toBe(0);
  });
});
