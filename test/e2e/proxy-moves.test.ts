/** Endpoints that move, and upstreams that come up late: what callers notice, which is nothing. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { packet, startServer, TestClient } from './awesomerpc-peers.ts';
import { awesomerpcProtocol, listener } from './proxy-bootstraps.ts';
import { TestControlPlane } from './proxy-control-plane.ts';
import { server, stage } from './proxy-stage.ts';

const MOVES = 10;
const CALLERS = 8;

/** Calls one after the other until told to stop; tells how many there were and what went wrong. */
async function callSteadily(port: number, going: () => boolean, failures: string[]): Promise<number> {
  const client = await TestClient.connect(port);
  let id = 0;
  while (going()) {
    const reply = await client.call({ id: ++id, body: 'x' });
    if (reply.code !== 0 || reply.id !== id || reply.body !== 'app:x') failures.push(JSON.stringify(reply));
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.close();
  return id;
}

/** Where the server-side proxy listens: one listener and one cluster, put or taken away. */
function place(plane: TestControlPlane, port: number, appPort: number | undefined): void {
  const name = `inbound-${port}`;
  if (appPort === undefined) {
    plane.put('envoy.config.listener.v3.Listener', name, undefined);
    plane.put('envoy.config.cluster.v3.Cluster', name, undefined);
    return;
  }
  plane.cluster(name, [appPort]);
  plane.listener(name, port, {
    protocol: awesomerpcProtocol(true),
    rds: null,
    routeConfig: { name, routes: [{ route: { cluster: name } }] },
  });
}

it.each([
  ['multiplexed', true],
  ['plain', false],
])('moves an endpoint in one step, under load, without failing a request in %s mode', async (_name, multiplexing) => {
  const app = await server('app');
  const [callers, servers] = [await TestControlPlane.start(), await TestControlPlane.start()];
  const [out = 0, ...places] = await freePorts(3);
  const [here = 0, there = 0] = places;
  place(servers, here, app.port);
  callers.cluster('app', [here]);
  callers.listener('out', out, {
    protocol: awesomerpcProtocol(multiplexing),
    rds: null,
    routeConfig: { name: 'out', routes: [{ route: { cluster: 'app' } }] },
  });
  const limits = { listenerGraceMs: 2000 };
  await (await servers.proxy({ limits })).ready;
  const proxy = await callers.proxy({ limits });
  await proxy.ready;
  const failures: string[] = [];
  let going = true;
  const load = Promise.all(Array.from({ length: CALLERS }, async () => callSteadily(out, () => going, failures)));
  for (let move = 1; move <= MOVES; move++) {
    const [from, to] = move % 2 === 1 ? [here, there] : [there, here];
    const before = app.received.length;
    // Whichever proxy hears of the move first.
    if (move % 3 === 0) callers.endpoints('app', [to]);
    place(servers, from, undefined);
    place(servers, to, app.port);
    callers.endpoints('app', [to]);
    await vi.waitFor(async () => {
      const { clusters } = await proxy.snapshot();
      expect(clusters.find(({ name }) => name === 'app')?.hosts.map(({ address }) => address)).toEqual([
        `127.0.0.1:${to}`,
      ]);
      expect(app.received.length).toBeGreaterThan(before + 100);
    });
  }
  going = false;
  const counts = await load;
  expect(failures).toEqual([]);
  expect(Math.min(...counts)).toBeGreaterThan(MOVES);
});

it.each([
  ['multiplexed', true],
  ['plain', false],
])('waits for an upstream that refuses connections for a moment, in %s mode', async (_name, multiplexing) => {
  const [port = 0] = await freePorts(1);
  const { connect, clusterCounter } = await stage({ multiplexing, clusters: [{ name: 'a', ports: [port] }] });
  const client = await connect();
  client.send(packet({ id: 1, body: 'early' }));
  await vi.waitFor(async () => expect(await clusterCounter('a', 'cxConnectFail')).toBeGreaterThan(1));
  const upstream = await startServer('late', undefined, port);
  onTestFinished(() => upstream.close());
  expect(await client.next()).toMatchObject({ id: 1, code: 0, body: 'late:early' });
});

it('sends a request whose upstream refuses connections to another host of the cluster, without a pause', async () => {
  const [dead = 0] = await freePorts(1);
  const alive = await server('alive');
  const { connect, clusterCounter } = await stage({ clusters: [{ name: 'a', ports: [dead, alive.port] }] });
  const client = await connect();
  for (let id = 1; id <= 4; id++) expect((await client.call({ id })).body).toBe('alive:');
  expect(await clusterCounter('a', 'cxConnectFail')).toBe(1);
});

it('gives up on an upstream that goes on refusing connections, within bounds, and serves on', async () => {
  const [port = 0] = await freePorts(1);
  const { connect, clusterCounter, counter } = await stage({
    clusters: [{ name: 'a', ports: [port] }],
    limits: { connectRetryMs: 100 },
  });
  const client = await connect();
  expect(await client.call({ id: 7 })).toMatchObject({ id: 7, code: 1 });
  expect(await clusterCounter('a', 'cxConnectFail')).toBeLessThan(8);
  expect(await counter('requestActive')).toBe(0);
  expect(await client.call({ id: 8 })).toMatchObject({ id: 8, code: 1 });
});

it('forgets a waiting request whose caller has gone', async () => {
  const [port = 0] = await freePorts(1);
  const { connect, counter, clusterCounter } = await stage({ clusters: [{ name: 'a', ports: [port] }] });
  const client = await connect();
  client.send(packet({ id: 1 }));
  await vi.waitFor(async () => expect(await clusterCounter('a', 'cxConnectFail')).toBeGreaterThan(0));
  client.socket.resetAndDestroy();
  await vi.waitFor(async () => expect(await counter('cxActive')).toBe(0));
  expect(await counter('requestActive')).toBe(0);
});

it('keeps a removed listener serving for its grace, ends it then, and at once when the proxy stops', async () => {
  const app = await server('app');
  const [plane, [first = 0, second = 0]] = [await TestControlPlane.start(), await freePorts(2)];
  place(plane, first, app.port);
  place(plane, second, app.port);
  const proxy = await plane.proxy({ limits: { listenerGraceMs: 60_000 } });
  await proxy.ready;
  place(plane, first, undefined);
  const listeners = async (): Promise<readonly string[]> => (await proxy.snapshot()).listeners.map(({ name }) => name);
  await vi.waitFor(async () => expect(await listeners()).toEqual([`inbound-${second}`]));
  const late = await TestClient.connect(first);
  onTestFinished(() => late.close());
  expect((await late.call({ id: 1 })).body).toBe('app:');
  place(plane, first, app.port);
  await vi.waitFor(async () => expect(await listeners()).toHaveLength(2));
  expect((await late.call({ id: 2 })).body).toBe('app:');
  place(plane, first, undefined);
  await vi.waitFor(async () => expect(await listeners()).toHaveLength(1));
  await proxy.stop();
  await expect(TestClient.connect(first)).rejects.toThrow('ECONNREFUSED');
});

it('lets another listener take the address of one that leaves, under live connections', async () => {
  const [a, b, plane, [port = 0]] = [
    await server('a'),
    await server('b'),
    await TestControlPlane.start(),
    await freePorts(1),
  ];
  const to = (cluster: string): Record<string, unknown> => ({
    rds: null,
    routeConfig: { name: cluster, routes: [{ route: { cluster } }] },
  });
  plane.cluster('a', [a.port]);
  plane.cluster('b', [b.port]);
  plane.listener('old', port, to('a'));
  const proxy = await plane.proxy({ limits: { listenerGraceMs: 60_000 } });
  await proxy.ready;
  const client = await TestClient.connect(port);
  onTestFinished(() => client.close());
  expect((await client.call({ id: 1 })).body).toBe('a:');
  plane.put('envoy.config.listener.v3.Listener', 'old', undefined);
  plane.listener('new', port, to('b'));
  await vi.waitFor(async () => expect((await client.call({ id: 2 })).body).toBe('b:'));
});

it('lets a listener on all addresses take the port of one that leaves', async () => {
  const [app, plane, [port = 0]] = [await server('app'), await TestControlPlane.start(), await freePorts(1)];
  place(plane, port, app.port);
  const proxy = await plane.proxy({ limits: { listenerGraceMs: 60_000 } });
  await proxy.ready;
  plane.put('envoy.config.listener.v3.Listener', `inbound-${port}`, undefined);
  const everywhere = listener({
    protocol: awesomerpcProtocol(true),
    routes: [{ route: { cluster: `inbound-${port}` } }],
    port,
  });
  const address = { socket_address: { address: '0.0.0.0', port_value: port } };
  plane.put('envoy.config.listener.v3.Listener', 'everywhere', { ...everywhere, name: 'everywhere', address });
  await vi.waitFor(async () => {
    const { listeners } = await proxy.snapshot();
    expect(listeners.map(({ address: where }) => where)).toEqual([`0.0.0.0:${port}`]);
  });
  const client = await TestClient.connect(port);
  onTestFinished(() => client.close());
  expect((await client.call({ id: 1 })).body).toBe('app:');
});

it.each([['::1'], ['127.0.0.9']])(
  'reaches an endpoint of two addresses where only the other answers: %s',
  async (other) => {
    const app = await server('app', undefined, 0, other);
    const at = (address: string) => ({ socket_address: { address, port_value: app.port } });
    const endpoint = { address: at('127.0.0.1'), additional_addresses: [{ address: at(other) }] };
    const assignment = { cluster_name: 'app', endpoints: [{ lb_endpoints: [{ endpoint }] }] };
    const { connect, clusterCounter } = await stage({
      clusters: [{ name: 'app', ports: [], more: { load_assignment: assignment } }],
    });
    const client = await connect();
    expect(await client.call({ id: 1, body: 'x' })).toMatchObject({ body: 'app:x' });
    expect(await clusterCounter('app', 'cxConnectFail')).toBe(0);
    await app.close();
    await vi.waitFor(async () => expect((await client.call({ id: 2 })).code).not.toBe(0), 20_000);
  },
);
