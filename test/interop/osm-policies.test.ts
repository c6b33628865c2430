/** Open Service Mesh's published policies on stock Envoys: who gets out of the mesh, who gets in, and permissive mode. */
import { createServer as createHttpServer, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect, createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { Authority } from './access-certificates.ts';
import { startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const patience = { timeout: 30_000 };

const envoy = peerUnderTest('envoy');

const store: Workload = { address: '127.0.78.1', namespace: 'books', serviceAccount: 'bookstore' };
const buyer: Workload = { address: '127.0.78.2', namespace: 'books', serviceAccount: 'bookbuyer' };
const thief: Workload = { address: '127.0.78.3', namespace: 'books', serviceAccount: 'bookthief' };

const meshConfig = (permissive: boolean): string => `apiVersion: config.openservicemesh.io/v1alpha2
kind: MeshConfig
metadata: { name: osm-mesh-config, namespace: osm-system }
spec:
  traffic: { enableEgress: false, enablePermissiveTrafficPolicyMode: ${permissive} }
  featureFlags: { enableEgressPolicy: true, enableIngressBackendPolicy: true }
`;

const bookstore = (port: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bookstore, namespace: books }
spec:
  hosts: [bookstore.books.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: http-web, protocol: HTTP }]
  endpoints: [{ address: ${store.address}, serviceAccount: ${store.serviceAccount} }]
`;

interface EgressPorts {
  readonly http: number;
  readonly https: number;
}

/** To this machine, whose name every resolver knows. */
const egress = ({ http, https }: EgressPorts, sources: readonly Workload[], ranges = ''): string =>
  `apiVersion: policy.openservicemesh.io/v1alpha1
kind: Egress
metadata: { name: out, namespace: books }
spec:
  sources: [${sources.map(({ serviceAccount }) => `{ kind: ServiceAccount, name: ${serviceAccount}, namespace: books }`).join(', ')}]
  hosts: [localhost]
  ${ranges}
  ports: [{ number: ${http}, protocol: http }, { number: ${https}, protocol: https }]
  matches: [{ apiGroup: specs.smi-spec.io/v1alpha4, kind: HTTPRouteGroup, name: status }]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: status, namespace: books }
spec:
  matches: [{ name: status, pathRegex: /status, methods: [GET] }]
`;

const settingMatch = '{ apiGroup: policy.openservicemesh.io/v1alpha1, kind: UpstreamTrafficSetting, name: few }';

/** So many requests may wait for a connection: with none, no first request is ever sent. */
const boundedPending = (count: number): string => `apiVersion: policy.openservicemesh.io/v1alpha1
kind: UpstreamTrafficSetting
metadata: { name: few, namespace: books }
spec:
  host: localhost
  connectionSettings: { http: { maxPendingRequests: ${count} } }
`;

/** One address and port for hosts of which each stands at a port of its own. */
const shared = { address: '127.242.78.1', port: 443 };

const sharedHosts = (ports: Readonly<Record<string, number>>): string =>
  Object.entries(ports)
    .map(
      ([host, port]) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${host}, namespace: books }
spec:
  hosts: [${host}.example]
  addresses: [${shared.address}]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ number: ${shared.port}, name: tls, protocol: TLS, targetPort: ${port} }]
  endpoints: [{ address: 127.0.0.1 }]
`,
    )
    .join('---\n');

const denied = /^(403|503|no connection)$/;
const gateway = '127.0.78.9';

/** From the gateway's address, which a service stands for. */
const ingress = (port: number, more = ''): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: gateway, namespace: edge }
spec:
  hosts: [gateway.edge.svc.cluster.local]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http-web, protocol: HTTP }]
  endpoints: [{ address: ${gateway} }]
---
apiVersion: policy.openservicemesh.io/v1alpha1
kind: IngressBackend
metadata: { name: in, namespace: books }
spec:
  backends: [{ name: bookstore, port: { number: ${port}, protocol: ${more === '' ? 'http' : 'https'} }${more} }]
  sources: [{ kind: Service, name: gateway, namespace: edge }]
`;

/** The status of an answer, and of none why. */
function ask(url: URL, host: string, localAddress = '127.0.0.1'): Promise<string> {
  const send = url.protocol === 'https:' ? secureRequest : request;
  return new Promise((resolve) => {
    const options = { headers: { host }, agent: false, localAddress, servername: host, rejectUnauthorized: false };
    send(url, options, (response) => {
      response.resume();
      resolve(String(response.statusCode));
    })
      .on('error', () => resolve('no connection'))
      .end();
  });
}

/** Whether a TLS server was reached by that name. */
function handshake(address: string, port: number, servername: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, servername, rejectUnauthorized: false }, () => {
      resolve('reached');
      socket.destroy();
    });
    socket.on('error', () => resolve('no connection'));
    socket.on('close', () => resolve('no connection'));
  });
}

/** What a TLS server says of itself that is reached by that name. */
function greeting(servername: string): Promise<string> {
  return new Promise((resolve) => {
    const { address: host, port } = shared;
    const socket = connect({ host, port, servername, rejectUnauthorized: false });
    socket.once('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.on('error', () => resolve('no connection'));
    socket.on('close', () => resolve('no connection'));
  });
}

describe.skipIf(envoy === undefined)("a mesh under Open Service Mesh's policies", () => {
  let mesh: InteropMesh;
  let port = 0;
  let outside: EgressPorts = { http: 0, https: 0 };
  const stops: (() => void)[] = [];

  beforeAll(async () => {
    const [web = 0, http = 0, https = 0] = await freePorts(3);
    port = web;
    outside = { http, https };
    mesh = await InteropMesh.start({
      'osm.yaml': meshConfig(false),
      'store.yaml': bookstore(port),
      'egress.yaml': egress(outside, [buyer]),
    });
    for (const listening of [port, http]) {
      const server = createHttpServer((_, response) => response.end('here')).listen(listening, '127.0.0.1');
      stops.push(() => server.close());
    }
    const { key, cert } = new Authority(mesh.folder, 'outside').issue('localhost', { alternatives: ['DNS:localhost'] });
    const secure = createTlsServer({ key, cert }, (socket) => socket.end()).listen(https, '127.0.0.1');
    stops.push(() => secure.close());
    await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', store);
  });

  afterAll(async () => {
    await mesh?.stop();
    for (const stop of stops) stop();
  });

  async function as(workload: Workload): Promise<void> {
    const client = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', workload);
    onTestFinished(() => client.stop());
  }

  async function askOutside(path: string, host = 'localhost'): Promise<string> {
    const address = await mesh.virtualIp('localhost');
    return ask(new URL(`http://${address}:${outside.http}${path}`), host);
  }

  async function askStore(): Promise<string> {
    const host = 'bookstore.books.svc.cluster.local';
    return ask(new URL(`http://${await mesh.virtualIp(host)}:${port}/`), host);
  }

  it('lets a workload out to a host that an Egress names for it, with the requests of its groups and no others', async () => {
    await as(buyer);
    await expect.poll(() => askOutside('/status/200'), patience).toBe('200');
    expect(await askOutside('/status/200', `localhost:${outside.http}`)).toBe('200');
    expect([await askOutside('/other'), await askOutside('/status', 'elsewhere.example')]).toEqual(['404', '404']);
    const address = await mesh.virtualIp('localhost');
    expect(await handshake(address, outside.https, 'localhost')).toBe('reached');
    expect(await handshake(address, outside.https, 'elsewhere.example')).toBe('no connection');
  });

  it('gives no way out to a workload that no Egress names, until one does', async () => {
    await as(thief);
    expect(await askOutside('/status/200')).toBe('no connection');
    mesh.write('egress.yaml', egress(outside, [buyer, thief]));
    onTestFinished(() => mesh.write('egress.yaml', egress(outside, [buyer])));
    await expect.poll(() => askOutside('/status/200'), patience).toBe('200');
    mesh.write('egress.yaml', egress(outside, [buyer]));
    await expect.poll(() => askOutside('/status/200'), patience).toMatch(/^(503|no connection)$/);
  });

  it('holds requests against the ranges of an Egress, wherever the name leads', async () => {
    mesh.write('egress.yaml', egress(outside, [buyer], 'ipAddresses: [192.0.2.0/24]'));
    onTestFinished(() => mesh.write('egress.yaml', egress(outside, [buyer])));
    await as(buyer);
    await expect.poll(() => askOutside('/status/200'), patience).toBe('403');
    mesh.write('egress.yaml', egress(outside, [buyer], 'ipAddresses: [127.0.0.0/8, "::1/128"]'));
    await expect.poll(() => askOutside('/status/200'), patience).toBe('200');
  });

  it('bounds what leaves the mesh by the UpstreamTrafficSetting that an Egress names', async () => {
    await as(buyer);
    await expect.poll(() => askOutside('/status/200'), patience).toBe('200');
    const named = egress(outside, [buyer]).replace('matches: [', `matches: [${settingMatch}, `);
    mesh.write('egress.yaml', `${named}---\n${boundedPending(0)}`);
    onTestFinished(() => mesh.write('egress.yaml', egress(outside, [buyer])));
    await expect.poll(() => askOutside('/status/200'), patience).toBe('503');
    mesh.write('egress.yaml', `${named}---\n${boundedPending(1)}`);
    await expect.poll(() => askOutside('/status/200'), patience).toBe('200');
  });

  it('tells hosts of one address apart by the name that is asked for in TLS, and gives a lone one all', async () => {
    const { key, cert } = new Authority(mesh.folder, 'shared').issue('any', { alternatives: ['DNS:any.example'] });
    const ports: number[] = [];
    for (const name of ['first', 'second']) {
      const server = createTlsServer({ key, cert }, (socket) => socket.end(name));
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      onTestFinished(() => void server.close());
      const address = server.address();
      ports.push(typeof address === 'object' ? (address?.port ?? 0) : 0);
    }
    const [first = 0, second = 0] = ports;
    const served = () => Promise.all(['first.example', 'second.example', 'third.example'].map(greeting));
    mesh.write('shared.yaml', sharedHosts({ first }));
    onTestFinished(() => mesh.remove('shared.yaml'));
    await expect.poll(served, patience).toEqual(['first', 'first', 'first']);
    mesh.write('shared.yaml', sharedHosts({ first, second }));
    await expect.poll(served, patience).toEqual(['first', 'second', 'no connection']);
    mesh.write('shared.yaml', sharedHosts({ second }));
    await expect.poll(served, patience).toEqual(['second', 'second', 'second']);
  });

  it('takes plain text from the sources of an IngressBackend, and resets whoever else comes without a certificate', async () => {
    const url = new URL(`http://${store.address}:${port}/`);
    expect(await ask(url, 'books.example', gateway)).toBe('no connection');
    mesh.write('ingress.yaml', ingress(port));
    onTestFinished(() => mesh.remove('ingress.yaml'));
    await expect.poll(() => ask(url, 'books.example', gateway), patience).toBe('200');
    expect(await ask(url, 'books.example', '127.0.0.1')).toBe('no connection');
  });

  it('takes TLS under the server names of an IngressBackend, beside that of the mesh', async () => {
    mesh.write('osm.yaml', meshConfig(true));
    mesh.write('ingress.yaml', ingress(port, ', tls: { skipClientCertValidation: true, sniHosts: [books.example] }'));
    onTestFinished(() => mesh.remove('ingress.yaml'));
    onTestFinished(() => mesh.write('osm.yaml', meshConfig(false)));
    const url = new URL(`https://${store.address}:${port}/`);
    await expect.poll(() => ask(url, 'books.example', gateway), patience).toBe('200');
    expect(await ask(url, 'books.example', '127.0.0.1')).toBe('no connection');
    expect(await ask(url, 'elsewhere.example', gateway)).toBe('no connection');
    expect(await ask(new URL(`http://${store.address}:${port}/`), 'books.example', gateway)).toBe('no connection');
    await as(buyer);
    await expect.poll(askStore, patience).toBe('200');
    mesh.write('ingress.yaml', ingress(port, ', tls: { skipClientCertValidation: true }'));
    await expect.poll(() => ask(url, 'elsewhere.example', gateway), patience).toBe('200');
    expect(await askStore()).toBe('200');
  });

  it('lets every workload call every other while permissive mode is on, and none without a policy when it is off', async () => {
    await as(thief);
    // What the test before this one had written may be in force for a moment yet.
    await expect.poll(askStore, patience).toMatch(denied);
    mesh.write('osm.yaml', meshConfig(true));
    onTestFinished(() => mesh.write('osm.yaml', meshConfig(false)));
    await expect.poll(askStore, patience).toBe('200');
    expect(await ask(new URL(`http://${store.address}:${port}/`), 'bookstore')).toBe('no connection');
    mesh.write('osm.yaml', meshConfig(false));
    await expect.poll(askStore, patience).toMatch(denied);
  });
});
