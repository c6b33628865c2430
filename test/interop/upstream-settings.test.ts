/** UpstreamTrafficSettings and Retries as stock Envoys carry them out: by what callers see. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type EnvoyProcess, startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { ask, echoOf, entry, permit, serve, serveEcho, setting, statuses } from './limited-services.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const POLL = { timeout: 30_000 };

const envoy = peerUnderTest('envoy');
const seller: Workload = { address: '127.0.82.1', namespace: 'shop', serviceAccount: 'seller' };
const buyer: Workload = { address: '127.0.82.2', namespace: 'shop', serviceAccount: 'buyer' };

const tenAMinute = `  rateLimit:
    local:
      http: { requests: 10, unit: minute, responseHeadersToAdd: [{ name: x-limited, value: 'yes' }] }
  httpRoutes:
    - { path: /free, rateLimit: { local: { requests: 1000, unit: second } } }
    - { path: /free/closed, rateLimit: { local: { requests: 0, unit: second, responseStatusCode: 503 } } }`;

describe.skipIf(envoy === undefined).each(['Disabled', 'Permissive', 'Enforced'])('with access %s', (access) => {
  let mesh: InteropMesh;
  let port = 0;
  let tcp = 0;
  let envoys: readonly EnvoyProcess[] = [];
  let url = '';
  let host = '';

  beforeAll(async () => {
    [port = 0, tcp = 0] = await freePorts(2);
    mesh = await InteropMesh.start(
      {
        'web.yaml': entry('web', [seller], { port }),
        'echo.yaml': entry('echo', [seller], { port: tcp, protocol: 'tcp' }),
        'target.yaml': permit(seller, buyer),
        'tcp-target.yaml': `apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: tcp, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: seller, namespace: shop }
  rules: [{ kind: TCPRoute, name: echo }]
  sources: [{ kind: ServiceAccount, name: buyer, namespace: shop }]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: echo, namespace: shop }
spec: { matches: { ports: [${tcp}] } }
`,
      },
      `  access: { mode: ${access} }\n`,
    );
    await serve(mesh, port, (request, response) => response.end(request.url));
    await serveEcho(mesh, tcp);
    envoys = [
      await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', seller),
      await startEnvoy(envoy ?? '', mesh, 'GRPC', buyer),
    ];
    host = await mesh.virtualIp('web.shop.mesh');
    url = `http://${host}:${port}`;
  });

  afterAll(async () => mesh?.stop());

  it('what nobody bounds is not bounded', async () => {
    await expect.poll(async () => (await ask(url)).status, POLL).toBe(200);
    expect(await statuses(30, () => ask(url))).toEqual(Array(30).fill(200));
  });

  it('ten requests a minute are answered, and the next are refused with the headers that are written', async () => {
    mesh.write('setting.yaml', setting('web', tenAMinute));
    // A path of its own has a bucket of its own: with it the setting is in force.
    await expect.poll(async () => (await ask(`${url}/free/closed`)).status, POLL).toBe(503);
    expect(await statuses(20, () => ask(`${url}/free`))).toEqual(Array(20).fill(200));
    expect(await statuses(10, () => ask(`${url}/books`))).toEqual(Array(10).fill(200));
    await expect.poll(async () => (await ask(`${url}/books`)).status, { ...POLL, interval: 1 }).toBe(429);
    const refused = await statuses(5, () => ask(`${url}/books`));
    expect(refused).toContain(429);
    mesh.remove('setting.yaml');
    await expect.poll(async () => (await ask(`${url}/free/closed`)).status, POLL).toBe(200);
    expect(await statuses(20, () => ask(`${url}/books`))).toEqual(Array(20).fill(200));
  });

  it('connections beyond the limit of their port are closed, and those to other ports are not', async () => {
    const echoHost = await mesh.virtualIp('echo.shop.mesh');
    const open = (): Promise<string> => echoOf(echoHost, tcp);
    expect([await open(), await open()]).toEqual(['hello', 'hello']);
    mesh.write('tcp.yaml', setting('echo', '  rateLimit: { local: { tcp: { connections: 0, unit: hour } } }'));
    await expect.poll(open, POLL).toBe('');
    mesh.write('tcp.yaml', setting('echo', '  rateLimit: { local: { tcp: { connections: 3, unit: hour } } }'));
    await expect.poll(open, { ...POLL, interval: 1 }).toBe('hello');
    expect([await open(), await open(), await open(), await open()]).toEqual(['hello', 'hello', '', '']);
    expect((await ask(url)).status).toBe(200);
    mesh.remove('tcp.yaml');
    await expect.poll(open, POLL).toBe('hello');
  });

  it('Envoy refuses nothing, and warns of nothing', async () => {
    expect((await mesh.isthmus('analyze')).output).not.toContain('ISTH0801');
    expect(envoys.map((one) => one.log())).toEqual(['', '']);
  });
});
