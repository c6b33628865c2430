/** metaproxy beside workloads of a mesh that demands certificates: what no policy permits does not happen. */
import { connect, type Socket } from 'node:net';
import { connect as connectSecured } from 'node:tls';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Metaproxy, startMetaproxy } from '../../src/proxy/metaproxy.ts';
import { CertificateAuthority } from '../../src/security/certificate-authority.ts';
import { MemorySecret, requestFor } from '../../src/security/security-fixture.ts';
import { packet, startServer, TestClient, type TestServer } from '../e2e/awesomerpc-peers.ts';
import { buyer, MetaproxyMesh, orders, thief } from './metaproxy-mesh.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const patient = { timeout: 30_000 };

describe('a service behind metaproxy', () => {
  let mesh: MetaproxyMesh;
  let workload: TestServer;
  let beside: Metaproxy;

  beforeEach(async () => {
    mesh = await MetaproxyMesh.start(buyer);
    workload = await startServer('orders', undefined, mesh.port);
    onTestFinished(() => workload.close());
    beside = await mesh.proxy(orders);
  });

  async function client(): Promise<TestClient> {
    const connected = await TestClient.connect(mesh.port, await mesh.virtualIp());
    onTestFinished(() => connected.close());
    return connected;
  }

  const denied = async () => (await beside.snapshot()).protocols.find(({ statPrefix }) => statPrefix.startsWith('in'));

  it('answers whom a TrafficTarget permits', async () => {
    await mesh.proxy(buyer);
    const caller = await client();
    expect(await caller.call({ id: 7, body: 'hello' })).toMatchObject({ id: 7, body: 'orders:hello' });
  });

  it('refuses, request by request, whom nothing permits any more, and answers again when something does', async () => {
    // The caller's own proxy is told to forget the service, and has not done so for as long as the test lasts.
    await mesh.proxy(buyer, { limits: { listenerGraceMs: 120_000, drainMs: 100 } });
    const caller = await client();
    expect(await caller.call({ id: 1, body: 'a' })).toMatchObject({ body: 'orders:a' });
    const [link] = (await beside.snapshot()).listeners;
    expect(link?.connections).toBe(1);
    await mesh.permit(thief);
    let id = 2;
    await expect.poll(async () => (await caller.call({ id: id++, body: 'b' })).body, patient).not.toContain('orders:');
    const before = workload.received.length;
    expect((await caller.call({ id: id++, body: 'c' })).code).not.toBe(0);
    expect(workload.received).toHaveLength(before);
    expect((await denied())?.counters.requestDenied).toBeGreaterThan(0);
    expect(caller.closed).toBe(false);
    await mesh.permit(thief, buyer);
    await expect.poll(async () => (await caller.call({ id: id++, body: 'd' })).body, patient).toBe('orders:d');
  });

  it('refuses what a RequestAuthorizationPolicy keeps out, by its properties, on connections that stand', async () => {
    await mesh.proxy(buyer);
    const caller = await client();
    expect(await caller.call({ id: 1, command: 2 })).toMatchObject({ body: 'orders:' });
    await mesh.admit("{ rules: [{ from: [{ namespaces: [shop] }], to: [{ properties: { cmd: ['1'] } }] }] }");
    let id = 2;
    await expect.poll(async () => (await caller.call({ id: id++, command: 2 })).code, patient).not.toBe(0);
    expect(await caller.call({ id: id++, command: 1, body: 'a' })).toMatchObject({ body: 'orders:a', code: 0 });
    await mesh.admit('{ rules: [{ to: [{ propertys: {} }] }] }');
    await expect.poll(async () => (await caller.call({ id: id++, command: 1 })).code, patient).not.toBe(0);
    expect(mesh.plane.codes()).toContain('ISTH0241');
    expect(caller.closed).toBe(false);
  });

  it('has no port that takes plaintext, a stranger, or somebody of another authority', async () => {
    const plain = connect({ port: mesh.port, host: orders.address });
    plain.write(packet({ id: 1, body: 'hello' }));
    await ended(plain);
    const nobody = connectSecured({ port: mesh.port, host: orders.address, rejectUnauthorized: false });
    nobody.write(packet({ id: 1, body: 'hello' }));
    await ended(nobody);
    const forger = connectSecured({
      port: mesh.port,
      host: orders.address,
      rejectUnauthorized: false,
      ...(await forged()),
    });
    forger.write(packet({ id: 1, body: 'hello' }));
    await ended(forger);
    expect(workload.received).toEqual([]);
    await expect.poll(async () => (await denied())?.counters.cxHandshakeRefused, patient).toBeGreaterThanOrEqual(2);
  });

  it('shows nobody its key', async () => {
    const admin = (await mesh.proxy(buyer, { admin: '127.0.0.1:0' })).admin;
    const pages = ['config_dump', 'stats', 'stats/prometheus', 'clusters', 'listeners'];
    const shown = await Promise.all(pages.map(async (page) => (await fetch(`http://${admin}/${page}`)).text()));
    expect(shown.join('')).toContain('"ROOTCA"');
    expect(shown.join('')).not.toMatch(/PRIVATE KEY|BEGIN CERTIFICATE/);
  });
});

/** However it ends. */
function ended(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** The caller's certificate, by another authority. */
async function forged() {
  const identity = { trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: buyer.name };
  const authority = await CertificateAuthority.open({ trustDomain: 'cluster.local', file: new MemorySecret() });
  const { key, ...request } = await requestFor(identity);
  const { chain } = await authority.issue(request);
  return { cert: chain.join(''), key: key.reveal() };
}

it('a bootstrap file that has a control plane spoken to over TLS is not taken for one in plaintext', async () => {
  const socket = { socket_address: { address: '127.0.0.1', port_value: 1 } };
  const cluster = {
    name: 'isthmus',
    load_assignment: { cluster_name: 'isthmus', endpoints: [{ lb_endpoints: [{ endpoint: { address: socket } }] }] },
    transport_socket: { name: 'envoy.transport_sockets.tls' },
  };
  const ads = { api_type: 'DELTA_GRPC', grpc_services: [{ envoy_grpc: { cluster_name: 'isthmus' } }] };
  const bootstrap = { dynamic_resources: { ads_config: ads }, static_resources: { clusters: [cluster] } };
  await expect(startMetaproxy({ bootstrap })).rejects.toMatchObject({ code: 'CONFIG_REJECTED' });
});
