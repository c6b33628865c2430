import { status as Code } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  clusterType,
  endpointType,
  listenerType,
  routeType,
} from '../../../src/delivery/xds/resources/resource-types.ts';
import { proxyKey } from '../../../src/model/proxy.ts';
import type { Dialect, RawClient } from './raw-client.ts';
import { node, patience, type Rig, resource, said, startRig } from './rig.ts';

const dialects: readonly Dialect[] = ['sotw', 'delta'];
const services = {
  cluster: '/envoy.service.cluster.v3.ClusterDiscoveryService',
  endpoint: '/envoy.service.endpoint.v3.EndpointDiscoveryService',
  listener: '/envoy.service.listener.v3.ListenerDiscoveryService',
  route: '/envoy.service.route.v3.RouteDiscoveryService',
};

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

describe.each([
  ['clusters', 'sotw', `${services.cluster}/StreamClusters`, clusterType],
  ['clusters', 'delta', `${services.cluster}/DeltaClusters`, clusterType],
  ['endpoints', 'sotw', `${services.endpoint}/StreamEndpoints`, endpointType],
  ['endpoints', 'delta', `${services.endpoint}/DeltaEndpoints`, endpointType],
  ['listeners', 'sotw', `${services.listener}/StreamListeners`, listenerType],
  ['listeners', 'delta', `${services.listener}/DeltaListeners`, listenerType],
  ['routes', 'sotw', `${services.route}/StreamRoutes`, routeType],
  ['routes', 'delta', `${services.route}/DeltaRoutes`, routeType],
] as const)('the service of %s alone (%s)', (_name, dialect, path, type) => {
  test('serves its type, named or not', async () => {
    rig.change(type, { a: '1' });
    for (const typeUrl of [undefined, type]) {
      const client = rig.connect(dialect, { path });
      client.send({ node: node(), typeUrl, resourceNames: ['a'], resourceNamesSubscribe: ['a'] });
      const response = await client.next();
      expect(response.typeUrl).toBe(type);
      expect(said(response).resources).toEqual(['a=1']);
    }
  });

  test('refuses any other type', async () => {
    const client = rig.connect(dialect, { path });
    client.send({ node: node(), typeUrl: 'type.googleapis.com/other' });
    expect(await client.status).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      details: `This service serves ${type} only.`,
    });
  });
});

test('two route streams of one proxy have a state of their own, and one may close', async () => {
  rig.change(routeType, { a_9090: '1', b_9090: '1' });
  const path = `${services.route}/StreamRoutes`;
  const [a, b] = [rig.connect('sotw', { path }), rig.connect('sotw', { path })];
  a.send({ node: node(), resourceNames: ['a_9090'] });
  b.send({ node: node(), resourceNames: ['b_9090'] });
  a.acknowledge(await a.next(), ['a_9090']);
  b.acknowledge(await b.next(), ['b_9090']);
  await a.close();
  rig.change(routeType, { a_9090: '2', b_9090: '2' });
  expect(said(await b.next()).resources).toEqual(['b_9090=2']);
});

describe.each(dialects)('a stream (%s)', (dialect) => {
  test('whose first request has no node is refused', async () => {
    const client = rig.connect(dialect);
    client.send({ typeUrl: clusterType });
    expect(await client.status).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      details: 'The first request of a stream must carry the node.',
    });
  });

  test('of an unknown kind of proxy is refused with what was seen and what to set, and becomes a finding', async () => {
    const client = rig.connect(dialect);
    client.send({ node: { id: 'n1', userAgentName: 'curl' }, typeUrl: clusterType });
    const { code, details } = await client.status;
    expect(code).toBe(Code.INVALID_ARGUMENT);
    expect(details).toMatch(/"n1".*user_agent_name is "curl".*ISTHMUS_PROXY_KIND to one of: metaproxy, envoy-meta/);
    expect(rig.server.findings()).toEqual([
      expect.objectContaining({ code: 'ISTH0802', object: { kind: 'Proxy', name: 'n1' }, message: details }),
    ]);
    const again = rig.connect(dialect);
    again.send({ node: { id: 'n1', userAgentName: 'envoy' }, typeUrl: clusterType });
    await again.next();
    expect(rig.server.findings()).toEqual([]);
  });

  test('that asks for a type nobody serves is not answered, served everything else, and a finding', async () => {
    rig.change(clusterType, { a: '1' });
    const client = rig.connect(dialect);
    const unknown = 'type.googleapis.com/envoy.service.runtime.v3.Runtime';
    client.send({ node: node(), typeUrl: unknown, resourceNames: ['x'], resourceNamesSubscribe: ['x'] });
    client.send({ typeUrl: unknown });
    client.send({ typeUrl: clusterType });
    expect(said(await client.next()).resources).toEqual(['a=1']);
    await rig.silence(client);
    expect(rig.server.findings()).toEqual([
      expect.objectContaining({ code: 'ISTH0803', severity: 'info', message: expect.stringContaining(unknown) }),
    ]);
  });

  test('that sends no type is refused', async () => {
    const client = rig.connect(dialect);
    client.send({ node: node() });
    expect(await client.status).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      details: expect.stringContaining('type URL'),
    });
  });

  test('ends in peace when the client says it is done', async () => {
    const client = rig.connect(dialect);
    client.send({ node: node(), typeUrl: clusterType });
    await client.next();
    client.finish();
    expect(await client.status).toMatchObject({ code: Code.OK });
    await expect.poll(() => rig.server.streams(), patience).toEqual([]);
  });

  test('is ended with UNAVAILABLE when the server closes', async () => {
    const client = rig.connect(dialect);
    client.send({ node: node(), typeUrl: clusterType });
    await client.next();
    await rig.server.close();
    expect(await client.status).toMatchObject({
      code: Code.UNAVAILABLE,
      details: 'The control plane is shutting down.',
    });
  });

  test('with a request beyond the bounds is refused, and no other is touched', async () => {
    await rig.close();
    rig = await startRig({ limits: { names: 10, nameBytes: 300, nodeBytes: 1000, maxMessageBytes: 20_000 } });
    const other = rig.connect(dialect);
    other.send({ node: node(), typeUrl: clusterType });
    other.acknowledge(await other.next());
    const many = Array.from({ length: 11 }, (_, index) => String(index));
    const excesses = [
      { request: { node: node(), resourceNames: many, resourceNamesSubscribe: many }, code: Code.INVALID_ARGUMENT },
      {
        request: { node: node(), resourceNames: ['n'.repeat(301)], resourceNamesSubscribe: ['n'.repeat(301)] },
        code: Code.INVALID_ARGUMENT,
      },
      { request: { node: { ...node(), cluster: 'c'.repeat(1000) } }, code: Code.INVALID_ARGUMENT },
      { request: { node: { ...node(), cluster: 'c'.repeat(20_000) } }, code: Code.RESOURCE_EXHAUSTED },
    ];
    for (const { request, code } of excesses) {
      const client = rig.connect(dialect);
      client.send({ typeUrl: endpointType, ...request });
      expect(await client.status).toMatchObject({ code });
    }
    rig.change(clusterType, { a: '1' });
    expect(said(await other.next()).resources).toEqual(['a=1']);
    expect(rig.observed.failed).toEqual([]);
  });

  test('that does not read gets the newest state when it does, holds up nobody, and costs one response', async () => {
    const slow = rig.connect(dialect, { reading: false });
    const quick = rig.connect(dialect);
    const big = 'x'.repeat(2_000_000);
    rig.change(clusterType, { a: `0${big}` });
    for (const client of [slow, quick]) client.send({ node: node(), typeUrl: clusterType });
    await expect.poll(() => rig.observed.pushed, patience).toBe(2);
    for (let round = 1; round <= 20; round++) {
      quick.acknowledge(await quick.next());
      rig.change(clusterType, { a: `${round}${big}` });
    }
    expect((await quick.next()).resources[0]?.body.slice(0, 4)).toBe('a=20');
    slow.read();
    let last = await slow.next();
    let responses = 1;
    while (!last.resources[0]?.body.startsWith('a=20')) {
      slow.acknowledge(last);
      last = await slow.next();
      responses++;
    }
    expect(responses).toBe(2);
  });
});

test('a stream that sends nothing is ended after a while', async () => {
  await rig.close();
  rig = await startRig({ limits: { firstRequestMs: 10 } });
  const client = rig.connect('delta');
  expect(await client.status).toMatchObject({ code: Code.DEADLINE_EXCEEDED, details: 'No request came within 10 ms.' });
});

test('a delta subscription cannot grow beyond its bound in small steps', async () => {
  await rig.close();
  rig = await startRig({ limits: { names: 10 } });
  const client = rig.connect('delta');
  client.send({ node: node(), typeUrl: endpointType });
  for (let at = 0; at < 11; at++) client.send({ typeUrl: endpointType, resourceNamesSubscribe: [String(at)] });
  expect(await client.status).toMatchObject({
    code: Code.INVALID_ARGUMENT,
    details: expect.stringContaining('at most 10 names'),
  });
});

test('hundreds of streams get each change once, and leave nothing behind', async () => {
  rig.change(endpointType, { a: '1' });
  const clients = Array.from({ length: 300 }, (_, index) => ({ client: rig.connect('delta'), id: `proxy-${index}` }));
  const send = clients.map(async ({ client, id }) => {
    client.send({ node: node(id), typeUrl: endpointType, resourceNamesSubscribe: ['a'] });
    client.acknowledge(await client.next());
  });
  await Promise.all(send);
  rig.change(endpointType, { a: '2' });
  const responses = await Promise.all(clients.map(({ client }) => client.next()));
  expect(new Set(responses.map((response) => said(response).resources.join()))).toEqual(new Set(['a=2']));
  expect(rig.server.streams()).toHaveLength(300);
  await Promise.all(clients.map(({ client }) => client.close()));
  await expect.poll(() => rig.server.streams(), patience).toEqual([]);
});

test.each([
  [`${services.cluster}/PollClusters`, expect.stringContaining('There is no such method here.')],
  ['/no.such.Service/Method', expect.stringContaining('There is no such method here.')],
])('%s is not implemented, and says so', async (path, details) => {
  const client = rig.connect('sotw', { path });
  client.send({ node: node() });
  expect(await client.status).toMatchObject({ code: Code.UNIMPLEMENTED, details });
});

test('plaintext beyond loopback is refused unless allowed in so many words', async () => {
  await expect(rig.server.listen({ host: '0.0.0.0', port: 0 })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('--insecure-xds'),
  });
});

test('an address that is taken is an error that names it', async () => {
  const [host = '', port = ''] = rig.target.split(':');
  await expect(rig.server.listen({ host, port: Number(port) })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(rig.target),
  });
});

describe('a caller that may not speak for a node', () => {
  test('is refused before anything is served, also when the answer takes its time', async () => {
    await rig.close();
    rig = await startRig({
      authorize: async (peer, { id }) => {
        await new Promise((resolve) => setImmediate(resolve));
        return id === 'mine' ? undefined : { code: Code.PERMISSION_DENIED, message: `${peer.address} is not ${id}` };
      },
    });
    rig.change(clusterType, { a: '1' });
    const [good, bad] = [rig.connect('delta'), rig.connect('delta')];
    good.send({ node: node('mine'), typeUrl: clusterType });
    good.send({ typeUrl: endpointType, resourceNamesSubscribe: ['x'] });
    bad.send({ node: node('yours'), typeUrl: clusterType });
    expect(await bad.status).toMatchObject({ code: Code.PERMISSION_DENIED, details: '127.0.0.1 is not yours' });
    expect(said(await good.next()).resources).toEqual(['a=1']);
    expect(said(await good.next()).removed).toEqual(['x']);
    expect(rig.server.streams().map(({ proxy }) => proxy.id)).toEqual(['mine']);
  });

  test('cannot take all streams by one node id', async () => {
    await rig.close();
    rig = await startRig({ limits: { streamsPerNode: 1 } });
    const open = (id: string): RawClient => {
      const client = rig.connect('sotw');
      client.send({ node: node(id), typeUrl: clusterType });
      return client;
    };
    const first = open('one');
    await first.next();
    expect(await open('one').status).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    await open('two').next();
    await first.close();
    await expect.poll(() => rig.server.streams().length, patience).toBe(1);
    await open('one').next();
  });
});

test('what a proxy has stands beside what it should have', async () => {
  rig.change(endpointType, { same: '1', altered: '1', gone: '1', left: '1' });
  const client = rig.connect('delta');
  client.send({
    node: node('one'),
    typeUrl: endpointType,
    resourceNamesSubscribe: ['same', 'altered', 'gone', 'left', 'fresh'],
  });
  const response = await client.next();
  client.send({ typeUrl: endpointType, resourceNamesUnsubscribe: ['left'] });
  rig.change(endpointType, { altered: '2', gone: undefined, fresh: '1' });
  await rig.silence(client);
  const versions = (): unknown =>
    rig.server
      .resources(proxyKey({ id: 'one' }), endpointType)
      .map(({ name, expected, sentVersion }) => [name, expected?.version, sentVersion]);
  const versionOf = (name: string, content: string): string => resource(endpointType, name, content).version;
  expect(versions()).toEqual([
    ['altered', versionOf('altered', '2'), versionOf('altered', '1')],
    ['fresh', versionOf('fresh', '1'), undefined],
    ['gone', undefined, versionOf('gone', '1')],
    ['same', versionOf('same', '1'), versionOf('same', '1')],
  ]);
  const type = () => rig.server.streams()[0]?.types[0];
  expect(type()).toMatchObject({
    state: 'STALE',
    nonce: response.nonce,
    subscribed: 4,
  });
  expect(type()).not.toHaveProperty('acknowledgedVersion');
  client.acknowledge(response);
  client.acknowledge(await client.next());
  await rig.silence(client);
  expect(versions()).toEqual([
    ['altered', versionOf('altered', '2'), versionOf('altered', '2')],
    ['fresh', versionOf('fresh', '1'), versionOf('fresh', '1')],
    ['gone', undefined, undefined],
    ['same', versionOf('same', '1'), versionOf('same', '1')],
  ]);
  const synced = type();
  expect(synced).toMatchObject({
    state: 'SYNCED',
    expectedVersion: synced?.sentVersion,
    acknowledgedVersion: synced?.sentVersion,
  });
});
