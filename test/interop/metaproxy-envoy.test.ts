/** metaproxy and stock Envoys in one mesh, either way round, over mutual TLS. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import type { Metaproxy } from '../../src/proxy/metaproxy.ts';
import { startServer, TestClient, type TestServer } from '../e2e/awesomerpc-peers.ts';
import { startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { startMetaproxyBeside } from './metaproxy-beside.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const envoy = peerUnderTest('envoy');
const patient = { timeout: 30_000 };

const workload = (serviceAccount: string, last: number): Workload => ({
  address: `127.0.79.${last}`,
  namespace: 'shop',
  serviceAccount,
});
/** Behind Envoy, and called by metaproxy; the others the other way round. */
const [orders, seller] = [workload('orders', 1), workload('seller', 2)];
const [stock, buyer] = [workload('stock', 3), workload('buyer', 4)];

const protocol = `apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: ApplicationProtocol
metadata: { name: awesomerpc, namespace: shop }
spec: { protocol: awesomerpc, codec: aeraki.meta_protocol.codec.awesomerpc }
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: any, namespace: shop }
spec: { matches: { ports: [] } }
`;

const service = ({ serviceAccount, address }: Workload, port: number, caller: Workload): string => `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${serviceAccount}, namespace: shop }
spec:
  hosts: [${serviceAccount}.shop.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: tcp-metaprotocol-awesomerpc, protocol: TCP }]
  endpoints: [{ address: ${address}, serviceAccount: ${serviceAccount} }]
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ${serviceAccount}, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: ${serviceAccount}, namespace: shop }
  rules: [{ kind: TCPRoute, name: any }]
  sources: [{ kind: ServiceAccount, name: ${caller.serviceAccount}, namespace: shop }]
`;

const byProperty = ({ serviceAccount }: Workload): string => `apiVersion: isthmus.dev/v1alpha1
kind: RequestAuthorizationPolicy
metadata: { name: ${serviceAccount}, namespace: shop }
spec:
  serviceAccounts: [${serviceAccount}]
  rules: [{ to: [{ properties: { cmd: ['1'] } }] }]
`;

describe.skipIf(envoy === undefined)('metaproxy and Envoy', () => {
  let mesh: InteropMesh;
  const servers: TestServer[] = [];
  let [ordersPort, stockPort] = [0, 0];

  beforeAll(async () => {
    [ordersPort = 0, stockPort = 0] = await freePorts(2);
    const services = service(orders, ordersPort, seller) + service(stock, stockPort, buyer);
    mesh = await InteropMesh.start(
      { 'services.yaml': protocol + services, 'policy.yaml': '' },
      '  access: { mode: Enforced }\n',
    );
    servers.push(await startServer('orders', undefined, ordersPort), await startServer('stock', undefined, stockPort));
  });

  afterAll(async () => {
    await mesh?.stop();
    await Promise.all(servers.map((server) => server.close()));
  });

  async function withEnvoy(beside: Workload): Promise<void> {
    const started = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', beside);
    onTestFinished(() => started.stop());
  }

  async function withMetaproxy(beside: Workload): Promise<Metaproxy> {
    const proxy = await startMetaproxyBeside(mesh, beside);
    onTestFinished(() => proxy.stop());
    return proxy;
  }

  /** The first packet of an answer; undefined when the connection ends, or there is none. */
  async function call(host: string, port: number, command = 1): Promise<{ code: number; body: string } | undefined> {
    const client = await TestClient.connect(port, await mesh.virtualIp(host)).catch(() => undefined);
    if (client === undefined) return undefined;
    try {
      const ended = new Promise<undefined>((resolve) => client.socket.once('close', () => resolve(undefined)));
      return await Promise.race([client.call({ id: 7, command, body: 'hello' }), ended]);
    } finally {
      client.close();
    }
  }

  it('call one another: Envoy the workload behind metaproxy', async () => {
    await withMetaproxy(stock);
    await withEnvoy(buyer);
    const ask = (command: number) => call('stock.shop.mesh', stockPort, command);
    await expect.poll(() => ask(1), patient).toMatchObject({ code: 0, body: 'stock:hello' });
    mesh.write('policy.yaml', byProperty(stock));
    await expect.poll(async () => (await ask(2))?.code, patient).toBeGreaterThan(0);
    expect(await ask(1)).toMatchObject({ code: 0, body: 'stock:hello' });
    mesh.write('policy.yaml', byProperty(buyer));
    await expect.poll(() => ask(2), patient).toMatchObject({ body: 'stock:hello' });
  });

  it('call one another: metaproxy the workload behind Envoy, which closes what it cannot tell apart', async () => {
    await withEnvoy(orders);
    /** On a connection of its own: Envoy decides about each once, when it begins. */
    const ask = async () => {
      const beside = await withMetaproxy(seller);
      const answer = await call('orders.shop.mesh', ordersPort);
      await beside.stop();
      return answer;
    };
    await expect.poll(ask, patient).toMatchObject({ code: 0, body: 'orders:hello' });
    mesh.write('policy.yaml', byProperty(orders));
    await expect.poll(async () => (await ask())?.body, patient).not.toBe('orders:hello');
    const findings = await (await fetch(`http://${mesh.admin}/api/v1/findings`)).text();
    expect(findings).toContain('ISTH1350');
    mesh.write('policy.yaml', byProperty(seller));
    await expect.poll(ask, patient).toMatchObject({ body: 'orders:hello' });
  });
});
