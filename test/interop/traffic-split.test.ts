/** TrafficSplits as a stock Envoy beside callers carries them out: by counting who answers. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { askOnce, echoManifest, startEcho } from './echo-service.ts';
import { type EnvoyProcess, startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { answersWhile, askOnConnection, askWeb, countAnswers, split, startWeb, webService } from './split-services.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const envoy = peerUnderTest('envoy');
const MANY = 2000;

const groups = `apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: gold, namespace: shop }
spec:
  matches:
    - { name: gold, pathRegex: /books, methods: [GET, HEAD], headers: [{ x-reader: "gold|silver" }] }
    - { name: beta, pathRegex: "/beta|/preview" }
`;

describe.skipIf(envoy === undefined)('a split that a stock Envoy carries out', () => {
  let mesh: InteropMesh;
  let client: EnvoyProcess;
  let url = '';
  let tcp = { host: '', port: 0 };
  const ask = (): Promise<string> => askWeb(url);

  beforeAll(async () => {
    const [port = 0, old = 0, next = 0, echo = 0, echoNext = 0] = await freePorts(5);
    const at = (endpoint: number): string => `{ address: 127.0.0.1, ports: { http-web: ${endpoint} } }`;
    mesh = await InteropMesh.start({
      'old.yaml': webService('web', port, at(old)),
      'next.yaml': webService('next', port, at(next)),
      'unfit.yaml': webService('unfit', port + 1, at(next)),
      'groups.yaml': groups,
      // From the beginning: a connection that stands before there is a split is not looked into for as long as it lasts.
      'split.yaml': split('web', { next: 1 }),
      'echo.yaml': echoManifest(port, echo),
      'echo-next.yaml': echoManifest(port, echoNext, { name: 'next' }),
    });
    await Promise.all([startWeb(mesh, 'old', old), startWeb(mesh, 'next', next)]);
    await Promise.all([startEcho(mesh, 'old', echo), startEcho(mesh, 'next', echoNext)]);
    client = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC');
    url = `http://${await mesh.virtualIp('web.shop.mesh')}:${port}/`;
    tcp = { host: await mesh.virtualIp('echo.desk.mesh'), port };
  });

  afterAll(async () => mesh?.stop());

  const put = (text: string, file = 'split.yaml'): void => mesh.write(file, text);
  /** Until what was written last is in force: each of so many answers is as expected. */
  const becomes = async (expected: string, asked = ask): Promise<void> =>
    expect.poll(() => countAnswers(asked, 40)).toEqual({ [expected]: 40 });

  it('gives each backend its share, within what chance allows', async () => {
    await becomes('next');
    put(split('web', { web: 90, next: 10 }));
    await expect.poll(() => countAnswers(ask, 40)).toHaveProperty('old');
    const { next = 0, old = 0 } = await countAnswers(ask, MANY);
    expect(next + old).toBe(MANY);
    // Six standard deviations: out of it once in five hundred million runs.
    const deviation = Math.sqrt(MANY * 0.1 * 0.9);
    expect(Math.abs(next - MANY * 0.1)).toBeLessThan(6 * deviation);
  });

  it('changes its weights under load without one request that fails', async () => {
    const answers = await answersWhile(ask, async () => {
      for (const [backends, expected] of [
        [{ web: 0, next: 5 }, 'next'],
        [{ web: 5 }, 'old'],
        [{ web: 1, next: 1 }, undefined],
        [{ next: 1 }, 'next'],
      ] as const) {
        put(split('web', backends));
        if (expected === undefined)
          await expect.poll(async () => Object.keys(await countAnswers(ask, 40)).sort()).toEqual(['next', 'old']);
        else await becomes(expected);
      }
    });
    expect(new Set(answers)).toEqual(new Set(['old', 'next']));
  });

  it('answers 503 where no backend has a weight, and where none is there; and goes on without the missing ones', async () => {
    put(split('web', { web: 0, next: 0 }));
    await becomes('503');
    put(split('web', { missing: 50, next: 1 }));
    await becomes('next');
    put(split('web', { missing: 50 }));
    await becomes('503');
    put(split('web', { web: 1 }));
    await becomes('old');
    // It is there, and does not have the port.
    put(split('web', { unfit: 1 }));
    await becomes('503');
    expect((await mesh.isthmus('analyze')).output).toContain('ISTH1332');
  });

  it('chooses requests by their path, method and headers; those that it does not choose go to the service itself', async () => {
    put(split('web', { next: 1 }, { name: 'chosen', matches: 'gold' }));
    const gold = { headers: { 'x-reader': 'gold' } };
    await expect.poll(() => askWeb(`${url}beta`)).toBe('next');
    expect(await ask()).toBe('old');
    expect(await askWeb(`${url}books/1?page=2`, gold)).toBe('next');
    expect(await askWeb(`${url}preview/1`)).toBe('next');
    expect(await askWeb(`${url}books/1`)).toBe('old');
    expect(await askWeb(`${url}books`, { headers: { 'x-reader': 'golden' } })).toBe('old');
    expect(await askWeb(`${url}books`, { ...gold, method: 'POST' })).toBe('old');
    expect(await askWeb(`${url}old/books`, gold)).toBe('old');
    // One for every request comes after it, whatever its name.
    put(split('web', { web: 0 }, { name: 'all' }), 'rest.yaml');
    await becomes('503');
    expect(await askWeb(`${url}beta`)).toBe('next');
    mesh.remove('rest.yaml');
    await becomes('old');
  });

  it('spreads connections where no requests are read, and closes them where nothing is left', async () => {
    const connection = (): Promise<string> => askOnce(tcp).catch(() => 'closed');
    const echoSplit = (backends: Readonly<Record<string, number>>): void =>
      put(split('echo', backends, { namespace: 'desk' }), 'echo-split.yaml');
    echoSplit({ echo: 1, next: 1 });
    await expect
      .poll(async () => Object.keys(await countAnswers(connection, 40)).sort())
      .toEqual(['next:hello', 'old:hello']);
    echoSplit({ echo: 0 });
    await becomes('closed', connection);
    mesh.remove('echo-split.yaml');
    await becomes('old:hello', connection);
  });

  it('goes without one request that fails: what comes then is for the service itself again', async () => {
    put(split('web', { web: 1, next: 1 }));
    await expect.poll(async () => Object.keys(await countAnswers(ask, 40)).sort()).toEqual(['next', 'old']);
    const answers = await answersWhile(ask, async () => {
      mesh.remove('split.yaml');
      // Connections that stand are drained, and keep to the split for that long.
      await becomes('old', () => askOnConnection(url));
    });
    expect(new Set(answers)).toEqual(new Set(['old', 'next']));
  });

  it('has Envoy refuse nothing, and warn of nothing', async () => {
    expect((await mesh.isthmus('analyze')).output).not.toContain('ISTH0801');
    expect(client.log()).toBe('');
  });
});

const buyer: Workload = { address: '127.0.78.1', namespace: 'shop', serviceAccount: 'buyer' };
const seller: Workload = { address: '127.0.78.2', namespace: 'shop', serviceAccount: 'seller' };

const permitted = `apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: seller, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: seller, namespace: shop }
  rules: [{ kind: HTTPRouteGroup, name: gold }]
  sources: [{ kind: ServiceAccount, name: buyer, namespace: shop }]
`;

it.skipIf(envoy === undefined)(
  'a caller reaches by the name of a split what a TrafficTarget permits of its backends',
  async () => {
    const [port = 0] = await freePorts(1);
    const mesh = await InteropMesh.start(
      {
        'root.yaml': webService('web', port),
        'next.yaml': webService('next', port, `{ address: ${seller.address}, serviceAccount: seller }`),
        'groups.yaml': groups,
        'target.yaml': permitted,
      },
      '  access: { mode: Enforced }\n',
    );
    try {
      await startWeb(mesh, 'next', port);
      await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', seller);
      await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', buyer);
      const url = `http://${await mesh.virtualIp('web.shop.mesh')}:${port}`;
      const ask = (path: string): Promise<string> => askWeb(`${url}${path}`).catch(() => 'no connection');
      // The root itself has no workload that would permit anything.
      expect(await ask('/beta')).toBe('no connection');
      mesh.write('split.yaml', split('web', { next: 1 }));
      await expect.poll(() => ask('/beta')).toBe('next');
      expect(await ask('/admin')).toBe('403');
      mesh.remove('target.yaml');
      await expect.poll(() => ask('/beta')).toMatch(/^(503|403|no connection)$/);
    } finally {
      await mesh.stop();
    }
  },
);
