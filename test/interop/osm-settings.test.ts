/** Settings of Open Service Mesh's MeshConfig, and Telemetries, as stock Envoys carry them out. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { text } from 'node:stream/consumers';
import { connect, createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type EnvoyProcess, startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const patience = { timeout: 30_000 };

const envoy = peerUnderTest('envoy');

const store: Workload = { address: '127.0.79.1', namespace: 'books', serviceAccount: 'bookstore' };
const buyer: Workload = { address: '127.0.79.2', namespace: 'books', serviceAccount: 'bookbuyer' };

const VAULT = '127.0.79.9';

const config = (traffic = '', rest = ''): string => `apiVersion: config.openservicemesh.io/v1alpha2
kind: MeshConfig
metadata: { name: osm-mesh-config, namespace: osm-system }
spec:
  traffic: { enablePermissiveTrafficPolicyMode: true${traffic} }
  ${rest}
`;

const bookstore = (port: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bookstore, namespace: books }
spec:
  hosts: [bookstore.books.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: http-web, protocol: HTTP }]
  endpoints: [{ address: ${store.address}, serviceAccount: ${store.serviceAccount}, labels: { app: bookstore } }]
`;

/** At an address of its own, behind TLS of its own. */
const vault = (port: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: vault, namespace: books }
spec:
  hosts: [vault.books.mesh]
  addresses: [${VAULT}]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: tls-vault, protocol: TLS }]
  endpoints: [{ address: 127.0.0.1 }]
`;

const telemetry = (name: string, namespace: string, spec: string): string => `---
apiVersion: policy.openservicemesh.io/v1alpha1
kind: Telemetry
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
`;

function ask(url: string): Promise<string> {
  return new Promise((resolve) => {
    request(url, { agent: false }, (response) => {
      response.resume();
      resolve(String(response.statusCode));
    })
      .on('error', () => resolve('no connection'))
      .end();
  });
}

/** The alert or the protocol of a handshake without a certificate, in versions up to that. */
function handshake(port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string> {
  return new Promise((resolve) => {
    const options = { host: store.address, port, maxVersion, rejectUnauthorized: false };
    const socket = connect(options, () => {
      resolve(socket.getProtocol() ?? 'none');
      socket.destroy();
    });
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : 'error'));
  });
}

/** Says one word to whoever proves to know the secret. */
async function startVault(address: string, port: number, word: string): Promise<() => void> {
  const options = { ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => Buffer.from('secret') } as const;
  const server = createTlsServer(options, (socket) => socket.on('error', () => {}).end(word));
  await once(server.listen(port, address), 'listening');
  return () => server.close();
}

/** That word, or why there is none. */
function askVault(port: number): Promise<string> {
  const pskCallback = () => ({ psk: Buffer.from('secret'), identity: 'client' });
  const options = { ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback, checkServerIdentity: () => undefined } as const;
  return text(connect({ host: VAULT, port, ...options })).catch(() => 'no connection');
}

describe.skipIf(envoy === undefined)('the settings of a mesh by Open Service Mesh', () => {
  let mesh: InteropMesh;
  let beside: EnvoyProcess;
  let [port, collector, nobody] = [0, 0, 0];
  const spans: string[] = [];
  const calls: string[] = [];
  const stops: (() => void)[] = [];

  beforeAll(async () => {
    [port = 0, collector = 0, nobody = 0] = await freePorts(3);
    mesh = await InteropMesh.start({ 'osm.yaml': config(), 'store.yaml': bookstore(port) });
    const application = createServer((_, response) => response.end()).listen(port, '127.0.0.1');
    const zipkin = createServer((incoming, response) => {
      spans.push(`${incoming.method} ${incoming.url}`);
      incoming.resume();
      response.writeHead(202).end();
    });
    const otlp = createHttp2Server((incoming, response) => {
      calls.push(incoming.url);
      incoming.resume();
      response.setHeader('content-type', 'application/grpc');
      response.addTrailers({ 'grpc-status': '0' });
      response.end();
    });
    const [first = 0] = await freePorts(1);
    zipkin.listen(collector, '127.0.0.1');
    otlp.listen(first, '127.0.0.1');
    otlpPort = first;
    stops.push(
      () => application.close(),
      () => zipkin.close(),
      () => otlp.close(),
    );
    beside = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', store);
    await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', buyer);
    await vi.waitFor(async () => expect(await askStore()).toBe('200'), patience);
  });

  let otlpPort = 0;

  afterAll(async () => {
    await mesh?.stop();
    for (const stop of stops) stop();
  });

  async function askStore(path = '/'): Promise<string> {
    return ask(`http://${await mesh.virtualIp('bookstore.books.svc.cluster.local')}:${port}${path}`);
  }

  function restoreAfterwards(): void {
    onTestFinished(async () => {
      mesh.write('osm.yaml', config());
      await expect.poll(() => askStore(), patience).toBe('200');
    });
  }

  it('asks whoever authorizes requests, and refuses them while he does not answer, unless that is to let them pass', async () => {
    restoreAfterwards();
    const authorization = (passes: boolean) =>
      `, inboundExternalAuthorization: { enable: true, address: 127.0.0.1, port: ${nobody}, failureModeAllow: ${passes} }`;
    mesh.write('osm.yaml', config(authorization(false)));
    await expect.poll(() => askStore(), patience).toBe('403');
    mesh.write('osm.yaml', config(authorization(true)));
    await expect.poll(() => askStore(), patience).toBe('200');
  });

  it('sends spans to the collector that is named', async () => {
    restoreAfterwards();
    const tracing = (path: string) =>
      config(
        '',
        `observability: { tracing: { enable: true, address: 127.0.0.1, port: ${collector}, endpoint: ${path} } }`,
      );
    mesh.write('osm.yaml', tracing('/api/v2/spans'));
    await expect
      .poll(async () => [await askStore(), spans.includes('POST /api/v2/spans')], patience)
      .toEqual(['200', true]);
    mesh.write('osm.yaml', tracing('/v1/traces'));
    await expect
      .poll(async () => [await askStore(), spans.includes('POST /v1/traces')], patience)
      .toEqual(['200', true]);
  });

  it('speaks the versions of TLS that are allowed', async () => {
    restoreAfterwards();
    expect(await handshake(port, 'TLSv1.2')).not.toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    mesh.write('osm.yaml', config('', 'sidecar: { tlsMinProtocolVersion: TLSv1_3, ecdhCurves: [P-256] }'));
    await expect.poll(() => handshake(port, 'TLSv1.2'), patience).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    await expect.poll(() => askStore(), patience).toBe('200');
  });

  it('leaves ports and ranges that are excluded to whoever is there, TLS and all, and takes them back', async () => {
    restoreAfterwards();
    onTestFinished(() => mesh.remove('vault.yaml'));
    stops.push(await startVault('127.0.0.1', nobody, 'by the proxy'));
    mesh.write('vault.yaml', vault(nobody));
    for (const excluded of [`outboundPortExclusionList: [${nobody}]`, `outboundIPRangeExclusionList: [${VAULT}/32]`]) {
      await expect.poll(() => askVault(nobody), patience).toBe('by the proxy');
      mesh.write('osm.yaml', config(`, ${excluded}`));
      await expect.poll(() => askVault(nobody), patience).toBe('no connection');
      const end = await vi.waitFor(() => startVault(VAULT, nobody, 'past the proxy'), patience);
      expect(await askVault(nobody)).toBe('past the proxy');
      end();
      mesh.write('osm.yaml', config());
    }
    await expect.poll(() => askVault(nobody), patience).toBe('by the proxy');
  });

  it('logs as the Telemetry says that is closest to a workload, and one that says nothing harms nothing', async () => {
    onTestFinished(() => mesh.remove('telemetry.yaml'));
    const extension = `---
apiVersion: config.openservicemesh.io/v1alpha2
kind: ExtensionService
metadata: { name: collector, namespace: books }
spec: { host: 127.0.0.1, port: ${otlpPort}, protocol: h2c }
`;
    const sent =
      '{ openTelemetry: { extensionService: { name: collector, namespace: books } }, format: "for the store %REQ(:PATH)%" }';
    mesh.write(
      'telemetry.yaml',
      [
        telemetry('mesh', 'osm-system', '{ accessLog: { format: "for all %REQ(:PATH)%" } }'),
        telemetry('namespace', 'books', '{ accessLog: { format: "for the namespace %REQ(:PATH)%" } }'),
        telemetry('store', 'books', `{ selector: { app: bookstore }, accessLog: ${sent} }`),
        telemetry('silent', 'books', '{ selector: { app: bookstore } }'),
        extension,
      ].join(''),
    );
    await expect
      .poll(async () => {
        await askStore('/logged');
        return beside.log();
      }, patience)
      .toContain('for the store /logged');
    expect(beside.log()).not.toContain('for the namespace /logged');
    await expect.poll(() => calls, patience).toContain('/opentelemetry.proto.collector.logs.v1.LogsService/Export');
  });
});
