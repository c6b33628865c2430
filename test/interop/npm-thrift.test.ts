/** Thrift through metaproxy between callers and servers of Apache's npm library: framed, compact, multiplexed. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import {
  createClient,
  createConnection,
  createMultiplexServer,
  MultiplexedProcessor,
  Multiplexer,
  type Stack,
  TBinaryProtocol,
  TBufferedTransport,
  TCompactProtocol,
  TFramedTransport,
} from 'thrift';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { deskHost, deskManifest, GUARDED_ADDRESS, guardedManifest } from './desk-manifests.ts';
import { InteropMesh } from './interop-mesh.ts';
import { Client, Processor, Refused } from './npm-desk.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const stacks: Readonly<Record<string, Stack>> = {
  'framed-binary': { transport: TFramedTransport, protocol: TBinaryProtocol },
  'framed-compact': { transport: TFramedTransport, protocol: TCompactProtocol },
  'buffered-binary': { transport: TBufferedTransport, protocol: TBinaryProtocol },
  'buffered-compact': { transport: TBufferedTransport, protocol: TCompactProtocol },
};
const flavours = Object.keys(stacks);
const UNKNOWN_METHOD = 1;
const INTERNAL_ERROR = 6;

let mesh: InteropMesh;
const ports = new Map<string, number>();
/** By desk and version. */
const processors = new Map<string, Processor>();
/** By desk and version: ends the server with its connections, and starts it anew. */
const servers = new Map<string, { stop(): void; start(): Promise<void> }>();

/** A server of one version: of the desk alone, or of a desk and an administration beside each other. */
async function serve(stack: Stack, name: string, version: string, port: number): Promise<void> {
  const processor = new Processor(version);
  processors.set(`${name} ${version}`, processor);
  const multiplexed = new MultiplexedProcessor();
  for (const service of ['desk', 'admin']) multiplexed.registerProcessor(service, processor);
  const server = createMultiplexServer(name.startsWith('multiplexed') ? multiplexed : processor, stack);
  const sockets = new Set<Socket>();
  server.on('error', () => {});
  server.on('connection', (socket) => sockets.add(socket));
  const start = async () => void (await once(server.listen(port, '127.0.0.1'), 'listening'));
  const stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  servers.set(`${name} ${version}`, { start, stop });
  mesh.cleanup.own(() => server, stop);
  await start();
}

beforeAll(async () => {
  const names = flavours.flatMap((flavour) => [flavour, `multiplexed-${flavour}`]);
  const free = await freePorts(names.length * 3 + flavours.length);
  const take = (): number => free.pop() ?? 0;
  const desks = names.map((name) => ({ name, port: take(), v1: take(), v2: take() }));
  const guarded = desks
    .filter(({ name }) => flavours.includes(name))
    .map(({ name, v1 }) => ({ name: `guarded-${name}`, port: take(), v1 }));
  for (const { name, port } of guarded) ports.set(name, port);
  mesh = await InteropMesh.start({
    ...Object.fromEntries(desks.map((desk) => [`${desk.name}.yaml`, deskManifest(desk)])),
    ...Object.fromEntries(guarded.map((desk) => [`${desk.name}.yaml`, guardedManifest(desk)])),
  });
  for (const { name, port, v1, v2 } of desks) {
    ports.set(name, port);
    const stack = stackOf(name);
    await serve(stack, name, 'v1', v1);
    await serve(stack, name, 'v2', v2);
  }
  await mesh.startProxy('servers', 'machines', [GUARDED_ADDRESS]);
  await mesh.startProxy('callers', 'desk');
});

afterAll(async () => mesh?.stop());

function stackOf(name: string): Stack {
  const stack = stacks[name.replace(/^(multiplexed|guarded)-/, '')];
  if (stack === undefined) throw new Error(`no stack is called ${name}`);
  return stack;
}

/** Fails the test when the library says that a reply belongs to nobody. */
async function connect(name: string) {
  const host = await mesh.virtualIp(deskHost({ name }));
  const connection = createConnection(host, ports.get(name) ?? 0, stackOf(name));
  await once(connection, 'connect');
  const errors: Error[] = [];
  connection.on('error', (error) => errors.push(error));
  onTestFinished(() => {
    connection.destroy();
    expect(errors).toEqual([]);
  });
  return connection;
}

describe.each(flavours)('npm thrift, %s', (flavour) => {
  it('is routed by method, with many calls in flight on one connection', async () => {
    const client = createClient({ Client }, await connect(flavour));
    const names = Array.from({ length: 20 }, (_, at) => `caller ${at}`);
    const calls = names.flatMap((name) => [client.call('greet', name), client.call('greetBeta', name)]);
    expect(await Promise.all(calls)).toEqual(names.flatMap((name) => [`v1: hello ${name}`, `v2: hello ${name}`]));
  });

  it('gets exceptions as the server throws them, declared and undeclared', async () => {
    const client = createClient({ Client }, await connect(flavour));
    await expect(client.call('greet', 'declared')).rejects.toEqual(new Refused('as declared'));
    // The library's server writes no type.
    await expect(client.call('greet', 'undeclared')).rejects.toMatchObject({ message: 'as nobody declared' });
    await expect(client.call('missing', '')).rejects.toMatchObject({ message: 'Unknown function missing' });
  });

  it('brings oneway requests to the server, and goes on with the next call', async () => {
    const client = createClient({ Client }, await connect(flavour));
    client.note('one');
    expect(await client.call('greet', 'Ada')).toBe('v1: hello Ada');
    await expect.poll(() => processors.get(`${flavour} v1`)?.notes).toEqual(['one']);
  });

  it('understands what the proxy answers where there is no route or no endpoint, and goes on', async () => {
    const client = createClient({ Client }, await connect(flavour));
    await expect(client.call('nowhere', '')).rejects.toMatchObject({
      name: 'TApplicationException',
      type: UNKNOWN_METHOD,
    });
    await expect(client.call('lost', '')).rejects.toMatchObject({
      name: 'TApplicationException',
      type: INTERNAL_ERROR,
    });
    expect(await client.call('greet', 'Ada')).toBe('v1: hello Ada');
  });

  it('understands that a request is over a limit, and goes on with others', async () => {
    const client = createClient({ Client }, await connect(`guarded-${flavour}`));
    const limited = { name: 'TApplicationException', type: INTERNAL_ERROR, message: expect.stringMatching(/limit/) };
    expect(await client.call('greetBeta', 'Ada')).toBe('v1: hello Ada');
    await expect(client.call('greetBeta', 'Ada')).rejects.toMatchObject(limited);
    expect(await client.call('greet', 'Ada')).toBe('v1: hello Ada');
    await expect(client.call('greetBeta', 'Ada')).rejects.toMatchObject(limited);
    expect(await client.call('greet', 'Grace')).toBe('v1: hello Grace');
  });

  it('is told that a server is down, goes on with another, and reaches it again once it is back', async () => {
    const client = createClient({ Client }, await connect(flavour));
    expect(await client.call('greetBeta', 'Ada')).toBe('v2: hello Ada');
    const server = servers.get(`${flavour} v2`);
    server?.stop();
    await expect(client.call('greetBeta', 'Ada')).rejects.toMatchObject({
      name: 'TApplicationException',
      type: INTERNAL_ERROR,
    });
    expect(await client.call('greet', 'Ada')).toBe('v1: hello Ada');
    await server?.start();
    await expect.poll(async () => client.call('greetBeta', 'Ada').catch(String)).toBe('v2: hello Ada');
  });

  it('is routed by the service that a multiplexed call names, and understands the answers of the proxy', async () => {
    const connection = await connect(`multiplexed-${flavour}`);
    const multiplexer = new Multiplexer();
    const desk = multiplexer.createClient('desk', { Client }, connection);
    const admin = multiplexer.createClient('admin', { Client }, connection);
    expect(await desk.call('greet', 'Ada')).toBe('v1: hello Ada');
    expect(await admin.call('greet', 'Ada')).toBe('v2: hello Ada');
    await expect(desk.call('nowhere', '')).rejects.toMatchObject({ type: UNKNOWN_METHOD });
    await expect(admin.call('greet', 'declared')).rejects.toEqual(new Refused('as declared'));
  });
});
