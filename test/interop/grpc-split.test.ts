/** TrafficSplits as @grpc/grpc-js-xds carries them out, which is its own proxy. */
import { Client, credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { InteropMesh } from './interop-mesh.ts';
import { countAnswers, split } from './split-services.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const path = '/greeter.Greeter/Greet';
const text = (value: string): Buffer => Buffer.from(value);

const service = (name: string, port: number, endpoint: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: grpc-greeter, protocol: GRPC }]
  endpoints: [{ address: 127.0.0.1, ports: { grpc-greeter: ${endpoint} } }]
`;

const groups = `apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: gold, namespace: shop }
spec: { matches: [{ name: gold, pathRegex: /greeter, methods: [POST], headers: [{ x-reader: "gold|silver" }] }] }
`;

let mesh: InteropMesh;
let client: Client;

async function startGreeter(greeting: string, port: number): Promise<void> {
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
  const greet = (_call: unknown, done: (error: null, value: string) => void): void => done(null, greeting);
  server.addService({ greet: method }, { greet });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  mesh.cleanup.own(
    () => server,
    () => server.forceShutdown(),
  );
}

/** Who greeted, or the status. */
const greet = (reader = ''): Promise<string> =>
  new Promise((resolve) => {
    const metadata = new Metadata();
    if (reader !== '') metadata.set('x-reader', reader);
    client.makeUnaryRequest(path, text, String, 'hello', metadata, { deadline: Date.now() + 30_000 }, (error, value) =>
      resolve(error ? `status ${error.code}` : (value ?? '')),
    );
  });

beforeAll(async () => {
  const [port = 0, old = 0, next = 0] = await freePorts(3);
  mesh = await InteropMesh.start({
    'old.yaml': service('web', port, old),
    'next.yaml': service('next', port, next),
    'groups.yaml': groups,
  });
  await Promise.all([startGreeter('old', old), startGreeter('next', next)]);
  process.env.GRPC_XDS_BOOTSTRAP_CONFIG = JSON.stringify({
    xds_servers: [{ server_uri: mesh.xds, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
    node: { id: 'sidecar~127.0.0.1~caller-1.shop~shop.svc.cluster.local', locality: {} },
  });
  const { register } = await import('@grpc/grpc-js-xds');
  register();
  client = new Client(`xds:///web.shop.mesh:${port}`, credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await mesh.stop();
});

it('calls go by the weights of a split, by its matches, and nowhere where it has no backend', async () => {
  expect(await greet()).toBe('old');
  mesh.write('split.yaml', split('web', { web: 1, next: 1 }));
  await expect.poll(async () => Object.keys(await countAnswers(() => greet(), 40)).sort()).toEqual(['next', 'old']);
  mesh.write('split.yaml', split('web', { next: 1 }, { matches: 'gold' }));
  await expect.poll(() => countAnswers(() => greet(), 40)).toEqual({ old: 40 });
  expect([await greet('gold'), await greet('golden')]).toEqual(['next', 'old']);
  mesh.write('split.yaml', split('web', { next: 0 }));
  await expect.poll(() => greet()).toBe('status 14');
  mesh.write('split.yaml', split('web', { next: 1 }));
  await expect.poll(() => greet()).toBe('next');
  expect((await mesh.isthmus('analyze')).output).not.toContain('ISTH0801');
});
