/** How callers' Envoys spare and pass over endpoints: retries, pools, outlier detection, and limits that proxies share. */
import type { RequestListener } from 'node:http';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { decode, encode } from '../../src/xds-api/messages.ts';
import { type EnvoyProcess, startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { ask, echoOf, entry, serve, serveEcho, setting, statuses } from './limited-services.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const POLL = { timeout: 30_000 };

const envoy = peerUnderTest('envoy');
const buyer: Workload = { address: '127.0.83.2', namespace: 'shop', serviceAccount: 'buyer' };
const thief: Workload = { address: '127.0.83.3', namespace: 'shop', serviceAccount: 'thief' };

const retry = (conditions: string): string => `apiVersion: policy.openservicemesh.io/v1alpha1
kind: Retry
metadata: { name: buyer, namespace: shop }
spec:
  source: { kind: ServiceAccount, name: buyer, namespace: shop }
  destinations: [{ kind: Service, name: web.shop.mesh, namespace: shop }]
  retryPolicy: { retryOn: '${conditions}', numRetries: 3, retryBackoffBaseInterval: 1ms }
`;

const outliers = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web, namespace: shop }
spec:
  host: web.shop.mesh
  trafficPolicy:
    outlierDetection: { consecutive5xxErrors: 2, interval: 100ms, baseEjectionTime: 300s, maxEjectionPercent: 50 }
`;

describe.skipIf(envoy === undefined)('the Envoy beside a caller', () => {
  let mesh: InteropMesh;
  let client: EnvoyProcess;
  let port = 0;
  let url = '';
  /** What the second endpoint answers. */
  let status = 200;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    const workloads = [{ address: '127.0.83.11' }, { address: '127.0.83.12' }];
    mesh = await InteropMesh.start({ 'web.yaml': entry('web', workloads, { port }), 'retry.yaml': retry('5xx') });
    await serve(mesh, port, (_, response) => response.end('first'), '127.0.83.11');
    await serve(
      mesh,
      port,
      (_, response) => {
        response.statusCode = status;
        response.end('second');
      },
      '127.0.83.12',
    );
    client = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', buyer);
    url = `http://${await mesh.virtualIp('web.shop.mesh')}:${port}`;
  });

  afterAll(async () => mesh?.stop());

  it('tries again for the source of a Retry what one endpoint fails at, so that no failure is seen', async () => {
    await expect.poll(async () => (await ask(url)).text, POLL).toBe('second');
    status = 503;
    expect(await statuses(40, () => ask(url))).toEqual(Array(40).fill(200));
    expect(
      await client.admin.stat(`cluster.outbound|${port}||web.shop.mesh.upstream_rq_retry_success`),
    ).toBeGreaterThan(0);
  });

  it('and for nobody else', async () => {
    await client.stop();
    const other = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', thief);
    await expect.poll(async () => (await ask(url)).status, POLL).toBe(503);
    await other.stop();
    client = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', buyer);
    await expect.poll(async () => (await ask(url)).status, POLL).toBe(200);
  });

  it('leaves an endpoint out that fails again and again', async () => {
    mesh.remove('retry.yaml');
    await expect.poll(async () => (await ask(url)).status, POLL).toBe(503);
    mesh.write('outliers.yaml', outliers);
    const ejected = () =>
      client.admin.stat(`cluster.outbound|${port}||web.shop.mesh.outlier_detection.ejections_active`);
    await expect
      .poll(async () => {
        await ask(url);
        return ejected();
      }, POLL)
      .toBe(1);
    expect(await statuses(40, () => ask(url))).toEqual(Array(40).fill(200));
  });

  it('takes all that it is told', async () => {
    expect((await mesh.isthmus('analyze')).output).not.toContain('ISTH0801');
  });
});

it.skipIf(envoy === undefined)(
  'the Envoy beside a caller refuses at once what is more than a service takes',
  async () => {
    const [port = 0] = await freePorts(1);
    const bounds =
      '  connectionSettings: { tcp: { maxConnections: 1 }, http: { maxPendingRequests: 1, maxRequests: 1 } }';
    const mesh = await InteropMesh.start({
      'web.yaml': entry('web', [{ address: '127.0.83.13' }], { port }),
      'setting.yaml': setting('web', bounds),
    });
    const held: (() => void)[] = [];
    try {
      const answer: RequestListener = (request, response) => {
        if (request.url === '/slow') held.push(() => void response.end());
        else response.end();
      };
      await serve(mesh, port, answer, '127.0.83.13');
      const client = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', buyer);
      const url = `http://${await mesh.virtualIp('web.shop.mesh')}:${port}`;
      await expect.poll(async () => (await ask(url)).status, POLL).toBe(200);
      const slow = ask(`${url}/slow`);
      await expect.poll(() => held.length, POLL).toBe(1);
      const waiting = [ask(url), ask(url), ask(url)];
      expect((await Promise.race(waiting)).status).toBe(503);
      held.pop()?.();
      expect((await slow).status).toBe(200);
      expect((await Promise.all(waiting)).map(({ status }) => status)).toContain(503);
      const overflows = await client.admin.stat(`cluster.outbound|${port}||web.shop.mesh.upstream_rq_pending_overflow`);
      expect(overflows).toBeGreaterThan(0);
    } finally {
      for (const end of held) end();
      await mesh.stop();
    }
  },
);

const REQUEST = 'envoy.service.ratelimit.v3.RateLimitRequest';
const RESPONSE = 'envoy.service.ratelimit.v3.RateLimitResponse';

/** A rate limit service that lets so many through of each descriptor; keeps what it was asked. */
class RateLimits {
  readonly asked: unknown[] = [];
  readonly #server = new Server();
  readonly #left = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async start(port: number): Promise<void> {
    const path = '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit';
    const identity = (bytes: Buffer): Buffer => bytes;
    this.#server.addService(
      {
        shouldRateLimit: {
          path,
          requestStream: false,
          responseStream: false,
          requestSerialize: identity,
          requestDeserialize: identity,
          responseSerialize: identity,
          responseDeserialize: identity,
        },
      },
      {
        shouldRateLimit: (call: { readonly request: Buffer }, answer: (error: null, bytes: Buffer) => void) => {
          answer(null, Buffer.from(encode(RESPONSE, { overallCode: this.#decide(call.request) ? 1 : 2 })));
        },
      },
    );
    await new Promise<void>((bound, failed) =>
      this.#server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? bound() : failed(error),
      ),
    );
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #decide(bytes: Uint8Array): boolean {
    const { domain = '', descriptors = [] } = decode(REQUEST, bytes);
    const entries = descriptors.map((one) => (one.entries ?? []).map(({ key, value }) => `${key}=${value}`).join());
    this.asked.push([domain, ...entries]);
    return entries.every((key) => {
      const left = this.#left.get(key) ?? this.#limit;
      this.#left.set(key, left - 1);
      return left > 0;
    });
  }
}

describe.skipIf(envoy === undefined)('the Envoy beside a workload that asks a rate limit service', () => {
  let mesh: InteropMesh;
  let port = 0;
  let limitsPort = 0;
  let tcp = 0;
  let limits: RateLimits;
  let server: EnvoyProcess;
  const seller: Workload = { address: '127.0.83.21', namespace: 'shop', serviceAccount: 'seller' };
  const global = (failOpen: boolean): string =>
    setting(
      'web',
      `  rateLimit:
    global:
      http:
        rateLimitService: { host: 127.0.0.1, port: ${limitsPort} }
        domain: shop
        timeout: 5s
        failOpen: ${failOpen}
        responseStatusCode: 403
        descriptors:
          - entries: [{ genericKey: { value: all } }, { requestHeader: { name: x-user, key: user } }]
          - entries: [{ remoteAddress: {} }, { headerValueMatch: { value: bot, headers: [{ name: user-agent, prefix: bot }] } }]
  httpRoutes:
    - path: /books
      rateLimit: { global: { descriptors: [{ entries: [{ genericKey: { key: path, value: books } }] }] } }`,
    );
  const globalTcp = (failOpen: boolean): string =>
    setting(
      'echo',
      `  rateLimit:
    global:
      tcp:
        rateLimitService: { host: 127.0.0.1, port: ${limitsPort} }
        domain: shop-connections
        timeout: 5s
        failOpen: ${failOpen}
        descriptors: [{ entries: [{ key: service, value: echo }] }]`,
    );
  const asked = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    ask(`http://${seller.address}:${port}${path}`, headers);

  beforeAll(async () => {
    [port = 0, limitsPort = 0, tcp = 0] = await freePorts(3);
    limits = new RateLimits(3);
    await limits.start(limitsPort);
    mesh = await InteropMesh.start({
      'web.yaml': entry('web', [seller], { port }),
      'echo.yaml': entry('echo', [seller], { port: tcp, protocol: 'tcp' }),
      'setting.yaml': global(false),
      'tcp-setting.yaml': globalTcp(false),
    });
    await serve(mesh, port, (_, response) => response.end('ok'));
    await serveEcho(mesh, tcp);
    server = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', seller);
  });

  afterAll(async () => {
    limits.stop();
    await mesh?.stop();
  });

  it('lets through as many as the service says, of each user by himself, and says so with the status that is written', async () => {
    const of = (user: string) => statuses(5, () => asked('/', { 'x-user': user }));
    expect(await of('ann')).toEqual([200, 200, 200, 403, 403]);
    expect(await of('bob')).toEqual([200, 200, 200, 403, 403]);
    expect(limits.asked.at(-1)).toEqual(['shop', 'generic_key=all,user=bob']);
  });

  it('counts a path of its own by what is written for it alone', async () => {
    expect(await statuses(4, () => asked('/books/1', { 'x-user': 'ann' }))).toEqual([200, 200, 200, 403]);
    expect(limits.asked.at(-1)).toEqual(['shop', 'path=books']);
  });

  it('counts callers by the address of their connection, whatever their headers say', async () => {
    await asked('/', { 'user-agent': 'bot/1', 'x-forwarded-for': '192.0.2.7' });
    expect(limits.asked.at(-1)).toEqual(['shop', 'remote_address=127.0.0.1,header_match=bot']);
  });

  it('lets in as many connections of a port as the service says, and closes the others', async () => {
    const open = (): Promise<string> => echoOf(seller.address, tcp);
    expect([await open(), await open(), await open(), await open()]).toEqual(['hello', 'hello', 'hello', '']);
    expect(limits.asked.at(-1)).toEqual(['shop-connections', 'service=echo']);
  });

  it('lets nothing through while the service is away, and all of it where that is written', async () => {
    limits.stop();
    await expect.poll(() => echoOf(seller.address, tcp), POLL).toBe('');
    mesh.write('tcp-setting.yaml', globalTcp(true));
    await expect.poll(() => echoOf(seller.address, tcp), POLL).toBe('hello');
    await expect.poll(async () => (await asked('/', { 'x-user': 'eve' })).status, POLL).toBe(500);
    mesh.write('setting.yaml', global(true));
    await expect.poll(async () => (await asked('/', { 'x-user': 'eve' })).status, POLL).toBe(200);
    expect(server.log()).toBe('');
  });
});
