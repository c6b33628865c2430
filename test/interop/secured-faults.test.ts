/** Stock Envoys in a secured mesh in which something fails: rights that were taken away are gone, and nobody else is held up. */
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type BootstrappedEnvoy, BootstrappedMesh } from './bootstrapped-mesh.ts';
import type { Workload } from './envoy-process.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { requestRight, webService } from './web-manifests.ts';

const envoy = peerUnderTest('envoy');
const workload = (serviceAccount: string, address: string): Workload => ({
  address,
  namespace: 'books',
  serviceAccount,
});
const store = workload('store', '127.0.81.1');
const shelf = workload('shelf', '127.0.81.2');
const buyer = workload('buyer', '127.0.81.3');
const beside = workload('beside', '127.0.81.4');

/** What the buyer may ask of a workload. */
const right = (whom: Workload, method: string): string => requestRight(whom, { pathRegex: '/books', method }, buyer);

const rightFile = ({ serviceAccount }: Workload): string => `${serviceAccount}-right.yaml`;

describe.skipIf(envoy === undefined)('a secured mesh in which something fails', () => {
  let mesh: BootstrappedMesh;
  let application: Server;
  let port = 0;
  let storeProxy: BootstrappedEnvoy;
  let shelfProxy: BootstrappedEnvoy;
  let caller: BootstrappedEnvoy;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    application = createServer((_, response) => response.end()).listen(port, '127.0.0.1');
    const workloads = [store, shelf, beside];
    const manifests = workloads.flatMap((one) => [
      [`${one.serviceAccount}.yaml`, webService(one, port)],
      [rightFile(one), right(one, 'GET')],
    ]);
    mesh = await BootstrappedMesh.start(envoy ?? '', Object.fromEntries(manifests));
    storeProxy = await mesh.startEnvoy(store);
    shelfProxy = await mesh.startEnvoy(shelf);
    caller = await mesh.startEnvoy(buyer);
  });

  afterAll(async () => {
    storeProxy?.signal('SIGCONT');
    await mesh?.stop();
    application?.close();
  });

  const permit = (whom: Workload, method: string): void => mesh.write(rightFile(whom), right(whom, method));

  /** Through the proxies on both sides; each on a connection of its own. */
  async function ask({ serviceAccount }: Workload, method: string): Promise<number | undefined> {
    const host = await mesh.virtualIp(`${serviceAccount}.books.mesh`);
    return new Promise((resolve) => {
      const asking = request({ host, port, path: '/books', method, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asking.on('error', () => resolve(undefined));
      asking.end();
    });
  }

  it('one that is stopped holds up nobody, and comes back to what is in force, also after the control plane died', async () => {
    await expect.poll(() => ask(store, 'GET')).toBe(200);
    await expect.poll(() => ask(shelf, 'GET')).toBe(200);
    const before = await caller.admin.configuration();
    const gone = await mesh.virtualIp('beside.books.mesh');
    const changed = () => caller.admin.total(/^(cluster_manager.cluster|listener_manager.listener)_(added|modified)$/);
    const changesBefore = await changed();
    storeProxy.signal('SIGSTOP');
    permit(store, 'PUT');
    permit(shelf, 'PUT');
    await expect.poll(() => ask(shelf, 'GET')).toBe(403);
    expect(await ask(shelf, 'PUT')).toBe(200);
    // To who is stopped its connection is as dead now as after a keepalive that it did not answer.
    await mesh.killControlPlane();
    mesh.remove('beside.yaml');
    mesh.remove(rightFile(beside));
    permit(store, 'POST');
    await mesh.startControlPlane();
    storeProxy.signal('SIGCONT');
    await expect.poll(() => ask(store, 'POST')).toBe(200);
    expect([await ask(store, 'GET'), await ask(store, 'PUT'), await ask(shelf, 'GET')]).toEqual([403, 403, 403]);
    // The caller went on all the while, came back with what it had, and was told what differs.
    const without = (all: Readonly<Record<string, string>>, name: string) =>
      Object.fromEntries(Object.entries(all).filter(([one]) => !one.includes(name)));
    const clusters = without(before.clusters, '|beside.');
    const listeners = without(before.listeners, `${gone}_`);
    expect(Object.keys(clusters)).toHaveLength(Object.keys(before.clusters).length - 1);
    await expect.poll(async () => (await caller.admin.configuration()).clusters).toEqual(clusters);
    await expect.poll(async () => (await caller.admin.configuration()).listeners).toEqual(listeners);
    expect(await changed()).toBe(changesBefore);
  });

  it('one that is killed and started again with the files that it had knows what changed meanwhile', async () => {
    await shelfProxy.kill();
    await expect.poll(() => ask(shelf, 'PUT')).toBe(503);
    permit(shelf, 'DELETE');
    shelfProxy = await shelfProxy.again();
    await expect.poll(() => ask(shelf, 'DELETE')).toBe(200);
    expect([await ask(shelf, 'GET'), await ask(shelf, 'PUT'), await ask(store, 'POST')]).toEqual([403, 403, 200]);
  });

  it('one whose certificate is half-written goes on with the last whole one, and takes up the next', async () => {
    const folder = caller.certificates;
    const chain = readFileSync(path.join(folder, 'cert-chain.pem'), 'utf8');
    const serials = await caller.admin.serials();
    mkdirSync(path.join(folder, 'half'));
    for (const name of ['key.pem', 'roots.pem'])
      writeFileSync(path.join(folder, 'half', name), readFileSync(path.join(folder, name)));
    writeFileSync(path.join(folder, 'half', 'cert-chain.pem'), chain.slice(0, chain.length / 2));
    symlinkSync('half', path.join(folder, '..half'));
    renameSync(path.join(folder, '..half'), path.join(folder, '..data'));
    await expect.poll(() => caller.log()).toContain('Failed to load certificate chain');
    expect([await caller.admin.serials(), await ask(store, 'POST')]).toEqual([serials, 200]);
    await mesh.bootstrap(buyer, caller.adminPort);
    await expect.poll(() => caller.admin.serials()).not.toEqual(serials);
    expect(await ask(store, 'POST')).toBe(200);
  });
});
