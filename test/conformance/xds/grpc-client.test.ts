/** The server against an xDS client that nobody here wrote: @grpc/grpc-js-xds, with calls that go where xDS says. */
import { createHash } from 'node:crypto';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createResourceStore } from '../../../src/delivery/xds/resources/resource-store.ts';
import {
  clusterType,
  endpointType,
  listenerType,
  routeType,
} from '../../../src/delivery/xds/resources/resource-types.ts';
import { createXdsServer, type XdsServer } from '../../../src/delivery/xds/server.ts';
import { encode, type Message, type MessageName, messageName, pack } from '../../../src/xds-api/messages.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const HOST = 'greeter.shop.svc.cluster.local:9090';
const CLUSTER = 'outbound|9090||greeter.shop.svc.cluster.local';
const path = '/greeter.Greeter/Greet';
const text = (value: string): Buffer => Buffer.from(value);

const store = createResourceStore({ scopesOf: () => ['mesh'] });
const set = <N extends MessageName>(type: N, name: string, message: Message<N> | undefined): void => {
  const typeUrl = `type.googleapis.com/${type}`;
  const body = message === undefined ? undefined : encode(type, message);
  const version = body === undefined ? '' : createHash('sha256').update(body).digest('hex').slice(0, 16);
  store.apply([
    { scope: 'mesh', typeUrl, name, resource: body === undefined ? undefined : { typeUrl, name, version, body } },
  ]);
};

let xds: XdsServer;
let address: { readonly host: string; readonly port: number };
let client: Client;
const greeters: Server[] = [];

async function startGreeter(greeting: string): Promise<number> {
  const server = new Server();
  const method = {
    path,
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: text,
    requestDeserialize: String,
    responseSerialize: text,
    responseDeserialize: String,
  };
  server.addService(
    { greet: method },
    { greet: (_call: unknown, done: (error: null, value: string) => void) => done(null, greeting) },
  );
  greeters.push(server);
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

const greet = (): Promise<string> =>
  new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, text, String, 'hello', { deadline: Date.now() + 30_000 }, (error, value) =>
      error ? reject(error) : resolve(value ?? ''),
    );
  });

const endpointAt = (port: number): void =>
  set('envoy.config.endpoint.v3.ClusterLoadAssignment', CLUSTER, {
    clusterName: CLUSTER,
    endpoints: [
      {
        locality: { region: 'r', zone: 'z' },
        loadBalancingWeight: { value: 1 },
        lbEndpoints: [
          {
            endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue: port } } },
            loadBalancingWeight: { value: 1 },
          },
        ],
      },
    ],
  });

const routeTo = (cluster: string): void =>
  set('envoy.config.route.v3.RouteConfiguration', HOST, {
    name: HOST,
    virtualHosts: [{ name: HOST, domains: ['*'], routes: [{ match: { prefix: '' }, route: { cluster } }] }],
  });

const clusterNamed = (name: string, serviceName: string): void =>
  set('envoy.config.cluster.v3.Cluster', name, {
    name,
    type: 3,
    edsClusterConfig: { edsConfig: { ads: {}, resourceApiVersion: 2 }, serviceName },
    lbPolicy: 0,
  });

beforeAll(async () => {
  xds = createXdsServer({ source: store });
  address = await xds.listen({ host: '127.0.0.1', port: 0 });
  const { host, port } = address;
  process.env.GRPC_XDS_BOOTSTRAP_CONFIG = JSON.stringify({
    xds_servers: [
      { server_uri: `${host}:${port}`, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] },
    ],
    node: { id: 'sidecar~127.0.0.1~caller-1.shop~shop.svc.cluster.local', locality: {} },
  });
  const manager = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
  set('envoy.config.listener.v3.Listener', HOST, {
    name: HOST,
    apiListener: {
      apiListener: pack(manager, {
        rds: { routeConfigName: HOST, configSource: { ads: {}, resourceApiVersion: 2 } },
        httpFilters: [{ name: 'router', typedConfig: pack('envoy.extensions.filters.http.router.v3.Router', {}) }],
      }),
    },
  });
  routeTo(CLUSTER);
  clusterNamed(CLUSTER, CLUSTER);
  endpointAt(await startGreeter('one'));
  const { register } = await import('@grpc/grpc-js-xds');
  register();
  client = new Client(`xds:///${HOST}`, credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  for (const server of greeters) server.forceShutdown();
  await xds.close(0);
});

test('calls reach the endpoint that xDS names', async () => {
  expect(await greet()).toBe('one');
  const [stream] = xds.streams();
  expect(stream?.proxy).toMatchObject({ kind: 'grpc', namespace: 'shop', workload: 'caller-1' });
  expect(stream?.types.map(({ typeUrl, state }) => [messageName(typeUrl), state])).toEqual(
    [clusterType, endpointType, listenerType, routeType].map((type) => [messageName(type), 'SYNCED']),
  );
});

test('an endpoint moves while calls go on, and none fails', async () => {
  endpointAt(await startGreeter('two'));
  const answers = new Set<string>();
  while (!answers.has('two')) answers.add(await greet());
  expect([...answers].filter((answer) => answer !== 'one')).toEqual(['two']);
});

test('a route moves to a new cluster and the old one goes, in one batch, while calls go on, and none fails', async () => {
  const port = await startGreeter('three');
  endpointAt(port);
  const fresh = 'outbound|9090|v3|greeter.shop.svc.cluster.local';
  clusterNamed(fresh, CLUSTER);
  routeTo(fresh);
  set('envoy.config.cluster.v3.Cluster', CLUSTER, undefined);
  let answer = '';
  while (answer !== 'three') answer = await greet();
  await expect
    .poll(() => xds.streams()[0]?.types.map(({ state }) => state))
    .toEqual(['SYNCED', 'SYNCED', 'SYNCED', 'SYNCED']);
  expect(await greet()).toBe('three');
});

test('the server goes and comes back while calls go on, none fails, and the client follows it again', async () => {
  const { port } = address;
  await xds.close(0);
  for (let alone = 0; alone < 20; alone++) expect(await greet()).toBe('three');
  xds = createXdsServer({ source: store });
  await xds.listen({ host: '127.0.0.1', port });
  const states = () => xds.streams()[0]?.types.map(({ state }) => state);
  while (states()?.join() !== 'SYNCED,SYNCED,SYNCED,SYNCED') expect(await greet()).toBe('three');
  endpointAt(await startGreeter('four'));
  const answers = new Set<string>();
  while (!answers.has('four')) answers.add(await greet());
  expect([...answers].filter((answer) => answer !== 'three')).toEqual(['four']);
});

test('what it refuses is a finding in its own words, and calls go on', async () => {
  set('envoy.config.route.v3.RouteConfiguration', HOST, {
    name: HOST,
    virtualHosts: [
      {
        name: HOST,
        domains: ['*'],
        routes: [
          { match: { prefix: '' }, route: { weightedClusters: { clusters: [{ name: 'x', weight: { value: 0 } }] } } },
        ],
      },
    ],
  });
  await expect
    .poll(() => xds.findings())
    .toEqual([expect.objectContaining({ code: 'ISTH0801', path: 'RDS', message: expect.stringContaining(HOST) })]);
  expect(await greet()).toBe('four');
});
