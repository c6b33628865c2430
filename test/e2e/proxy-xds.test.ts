/** metaproxy and a control plane: what it takes, what it refuses, and what it does when the control plane is gone. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { startMetaproxy } from '../../src/proxy/metaproxy.ts';
import { TestClient } from './awesomerpc-peers.ts';
import { TestControlPlane } from './proxy-control-plane.ts';
import { server } from './proxy-stage.ts';

async function connect(port: number): Promise<TestClient> {
  const client = await TestClient.connect(port);
  onTestFinished(() => client.close());
  return client;
}

async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

const toA = [{ name: 'default', match: { prefix: '/' }, route: { cluster: 'a' } }];
const toB = [{ name: 'default', match: { prefix: '/' }, route: { cluster: 'b' } }];

/** A control plane with clusters a and b and a listener that routes to a. */
async function meshed(): Promise<{ plane: TestControlPlane; port: number }> {
  const [a, b, plane, port] = [await server('a'), await server('b'), await TestControlPlane.start(), await freePort()];
  plane.cluster('a', [a.port]);
  plane.cluster('b', [b.port]);
  plane.routes('in-routes', toA);
  plane.listener('in', port);
  return { plane, port };
}

describe.each([
  ['delta', true],
  ['state of the world', false],
])('%s', (_name, delta) => {
  it('serves what the control plane says, and follows it without losing a request', async () => {
    const { plane, port } = await meshed();
    const proxy = await plane.proxy({ xds: { address: '', delta } });
    await proxy.ready;
    const client = await connect(port);
    expect((await client.call({ id: 1 })).body).toBe('a:');
    plane.routes('in-routes', toB);
    await vi.waitFor(async () => expect((await client.call({ id: 2 })).body).toBe('b:'));
    const c = await server('c');
    plane.endpoints('b', [c.port]);
    await vi.waitFor(async () => expect((await client.call({ id: 3 })).body).toBe('c:'));
    plane.put('envoy.config.listener.v3.Listener', 'in', undefined);
    await vi.waitFor(() => expect(client.socket.readableEnded).toBe(true));
    await expect(TestClient.connect(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('refuses what it cannot take, says why, and keeps the last good one in force', async () => {
    const { plane, port } = await meshed();
    const refusals: string[] = [];
    const proxy = await plane.proxy({
      xds: { address: '', delta },
      observer: { refused: (_kind, reason) => void refusals.push(reason) },
    });
    await proxy.ready;
    const matchers = [{ name: 'cmd', safeRegexMatch: { regex: '(' } }];
    plane.routes('in-routes', [{ match: { prefix: '/', headers: matchers }, route: { cluster: 'b' } }]);
    await vi.waitFor(() => expect(refusals).toHaveLength(1));
    expect(refusals[0]).toContain('routes in-routes: routes[0]');
    expect(refusals[0]).toContain('"(" is no RE2 expression');
    const client = await connect(port);
    expect((await client.call({ id: 1 })).body).toBe('a:');
    await vi.waitFor(() =>
      expect(
        plane.server
          .findings()
          .map(({ message }) => message)
          .join(),
      ).toContain('RE2'),
    );
  });

  it('refuses a listener whose address is taken, and takes it once it is free', async () => {
    const { plane, port } = await meshed();
    const squatter = await server('squatter');
    const refusals: string[] = [];
    const proxy = await plane.proxy({
      xds: { address: '', delta },
      observer: { refused: (_kind, reason) => void refusals.push(reason) },
    });
    await proxy.ready;
    plane.routes('second-routes', toB);
    plane.listener('second', squatter.port);
    await vi.waitFor(() => expect(refusals.join()).toContain(`cannot listen on 127.0.0.1:${squatter.port}`));
    expect((await (await connect(port)).call({ id: 1 })).body).toBe('a:');
    await squatter.close();
    await vi.waitFor(
      async () => {
        const client = await connect(squatter.port);
        expect((await client.call({ id: 1 })).body).toBe('b:');
      },
      { interval: 100 },
    );
  });

  it('keeps serving while the control plane is gone, and follows it when it is back with other content', async () => {
    const { plane, port } = await meshed();
    const [a2, events] = [await server('a2'), [] as string[]];
    const proxy = await plane.proxy({
      xds: { address: '', delta },
      observer: {
        connected: () => void events.push('here'),
        unreached: () => void events.push('never'),
        disconnected: ({ address }) => void events.push(`gone from ${address}`),
      },
    });
    await proxy.ready;
    const client = await connect(port);
    expect((await client.call({ id: 1 })).body).toBe('a:');
    await plane.stop();
    await vi.waitFor(() => expect(events).toEqual(['here', `gone from 127.0.0.1:${plane.port}`]));
    expect((await client.call({ id: 2 })).body).toBe('a:');
    const back = await TestControlPlane.start(plane.port);
    back.cluster('a', [a2.port]);
    back.routes('in-routes', toA);
    back.listener('in', port);
    await vi.waitFor(async () => expect((await client.call({ id: 3 })).body).toBe('a2:'));
    await expect.poll(() => events).toEqual(['here', `gone from 127.0.0.1:${plane.port}`, 'here']);
  });
});

it('holds connections until the first routes are there, instead of refusing their requests', async () => {
  const [a, plane, port] = [await server('a'), await TestControlPlane.start(), await freePort()];
  plane.cluster('a', [a.port]);
  plane.listener('in', port);
  await plane.proxy();
  let client: TestClient | undefined;
  await vi.waitFor(async () => {
    client = await connect(port);
  });
  const reply = client?.call({ id: 1 });
  plane.routes('in-routes', toA);
  expect((await reply)?.body).toBe('a:');
});

it('answers RouteNotFound when the first routes do not come in time', async () => {
  const [plane, port] = [await TestControlPlane.start(), await freePort()];
  plane.cluster('a', []);
  const configSource = { ads: {}, initialFetchTimeout: '0.05s' };
  plane.listener('in', port, { rds: { configSource, routeConfigName: 'never' } });
  await plane.proxy();
  let client: TestClient | undefined;
  await vi.waitFor(async () => {
    client = await connect(port);
  });
  expect(await client?.call({ id: 1 })).toMatchObject({ id: 1, code: 1 });
});

it('moves live connections to new filters of their listener', async () => {
  const { plane, port } = await meshed();
  const proxy = await plane.proxy();
  await proxy.ready;
  const client = await connect(port);
  expect((await client.call({ id: 1 })).code).toBe(0);
  const bucket = { maxTokens: 1, tokensPerFill: 1, fillInterval: '3600s' };
  plane.listener('in', port, {
    metaProtocolFilters: [
      {
        name: 'aeraki.meta_protocol.filters.local_ratelimit',
        config: {
          '@type': 'type.googleapis.com/aeraki.meta_protocol_proxy.filters.local_ratelimit.v1alpha.LocalRateLimit',
          statPrefix: 'limit',
          tokenBucket: bucket,
        },
      },
    ],
  });
  await vi.waitFor(async () => expect((await client.call({ id: 2 })).code).toBe(1));
});

it('serves on worker threads with one set of figures', async () => {
  const { plane, port } = await meshed();
  const proxy = await plane.proxy({ concurrency: 2 });
  await proxy.ready;
  for (let id = 0; id < 20; id++) expect((await (await connect(port)).call({ id })).body).toBe('a:');
  const { protocols } = await proxy.snapshot();
  expect(protocols[0]?.counters.request).toBe(20);
});

it('says that a control plane cannot be reached, once and in plain words, and is served when it comes', async () => {
  const [a, port, planePort] = [await server('a'), await freePort(), await freePort()];
  const told: unknown[] = [];
  const proxy = await startMetaproxy({
    xds: { address: `127.0.0.1:${planePort}` },
    node: { id: 'test' },
    admin: '127.0.0.1:0',
    observer: {
      unreached: (trouble) => void told.push(trouble),
      disconnected: () => void told.push('lost'),
      connected: (address) => void told.push(address),
    },
  });
  onTestFinished(() => proxy.stop());
  const reason = 'nothing listens there (connection refused)';
  const trouble = { address: `127.0.0.1:${planePort}`, reason, staticListeners: 0 };
  await vi.waitFor(() => expect(told).toEqual([trouble]));
  const ready = await fetch(`http://${proxy.admin}/ready`);
  expect([ready.status, await ready.text()]).toEqual([503, `the control plane cannot be reached: ${reason}\n`]);
  const plane = await TestControlPlane.start(planePort);
  plane.cluster('a', [a.port]);
  plane.routes('in-routes', toA);
  plane.listener('in', port);
  await proxy.ready;
  expect((await (await connect(port)).call({ id: 1 })).body).toBe('a:');
  await expect.poll(() => told).toEqual([trouble, `127.0.0.1:${planePort}`]);
});
