/** Apache's own libraries of Thrift and Dubbo through metaproxy and stock Envoys, over mutual TLS, under policies by method. */
import { once } from 'node:events';
import {
  createClient,
  createConnection,
  createMultiplexServer,
  type Stack,
  TBinaryProtocol,
  TFramedTransport,
} from 'thrift';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { startEnvoy, type Workload } from './envoy-process.ts';
import { callGenerically, type GenericCall } from './generic-calls.ts';
import { InteropMesh } from './interop-mesh.ts';
import { type DeskConsumer, JavaDesk, type Outcome } from './java-desk.ts';
import { startMetaproxyBeside } from './metaproxy-beside.ts';
import { Client, Processor } from './npm-desk.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { dubboDesk, hostOf, oneMethodEach, securedClerk, securedDesks, thriftDesk } from './secured-desks.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

const [envoy, dubbo] = [peerUnderTest('envoy'), peerUnderTest('dubbo')];
const patient = { timeout: 30_000 };
const stack: Stack = { transport: TFramedTransport, protocol: TBinaryProtocol };
const INTERNAL_ERROR = 6;
/** RpcException's. */
const NETWORK = 1;

describe.skipIf(envoy === undefined || dubbo === undefined)('callers of Thrift and Dubbo in a secured mesh', () => {
  let mesh: InteropMesh;
  let consumer: DeskConsumer;
  const notebook = new Processor('desk');
  const ports = { thrift: 0, dubbo: 0 };

  beforeAll(async () => {
    [ports.thrift = 0, ports.dubbo = 0] = await freePorts(2);
    const manifests = { 'desks.yaml': securedDesks(ports), 'policies.yaml': oneMethodEach };
    mesh = await InteropMesh.start(manifests, '  access: { mode: Enforced }\n');
    const server = createMultiplexServer(notebook, stack);
    mesh.cleanup.own(
      () => server,
      () => void server.close(),
    );
    server.on('error', () => {});
    await once(server.listen(ports.thrift, '127.0.0.1'), 'listening');
    const desk = new JavaDesk(dubbo ?? '', { 'desk.test': await mesh.virtualIp(hostOf(dubboDesk)) });
    mesh.cleanup.own(
      () => desk,
      () => desk.remove(),
    );
    const provider = await desk.provide('desk', ports.dubbo);
    mesh.cleanup.own(
      () => provider,
      () => provider.kill(),
    );
    consumer = await desk.consume();
    mesh.cleanup.own(
      () => consumer,
      () => consumer.kill(),
    );
  });

  afterAll(async () => mesh?.stop());

  const withMetaproxy = (beside: Workload) => running(startMetaproxyBeside(mesh, beside));
  const withEnvoy = (beside: Workload) => running(startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', beside));

  async function running(starting: Promise<{ stop(): Promise<void> }>): Promise<void> {
    const proxy = await starting;
    onTestFinished(() => proxy.stop());
  }

  /** Polls until somebody answers a connection of its own; that one is returned. */
  async function thriftClient(): Promise<Client> {
    const host = await mesh.virtualIp(hostOf(thriftDesk));
    return vi.waitFor(async () => {
      const connection = createConnection(host, ports.thrift, stack);
      const failed = once(connection, 'error').then(([error]) => Promise.reject(error));
      const client = createClient({ Client }, connection);
      await Promise.race([once(connection, 'connect'), failed]);
      onTestFinished(() => connection.destroy());
      expect(await Promise.race([client.call('greet', 'Ada'), failed])).toBe('desk: hello Ada');
      return client;
    }, patient);
  }

  let consumers = 0;

  /** A consumer of its own, with a connection of its own: one that lost its connection thinks its provider gone for a while. */
  function dubboClient(): (method: string, argument?: string) => Promise<Outcome> {
    const url = `dubbo://desk.test:${ports.dubbo}?timeout=10000&connections=1&consumer=${++consumers}`;
    return (method, argument = '') => consumer.call({ url, method, argument });
  }

  /** Polls until one is answered, which is returned. */
  async function answeredDubboClient() {
    return vi.waitFor(async () => {
      const call = dubboClient();
      expect(await call('greet', 'Ada')).toEqual({ result: 'desk: hello Ada' });
      return call;
    }, patient);
  }

  /** What is refused leaves connections as they are. */
  async function callThroughPolicies(): Promise<void> {
    const denied = expect.stringMatching(/access denied/);
    const thrift = await thriftClient();
    const refusal = { name: 'TApplicationException', type: INTERNAL_ERROR, message: denied };
    await expect(thrift.call('greetBeta', 'Ada')).rejects.toMatchObject(refusal);
    thrift.note('nobody may know');
    await expect(thrift.call('greet', 'declared')).rejects.toMatchObject({ message: 'as declared' });
    expect(notebook.notes).toEqual([]);
    const call = await answeredDubboClient();
    expect(await call('attachment', 'tag')).toEqual({ code: NETWORK, message: denied });
    // Waits for no reply, and is dropped: what the desk has noted is asked by the last test.
    await call('note', 'nobody may know');
    expect(await call('greet', 'Grace')).toEqual({ result: 'desk: hello Grace' });
    await callGenericallyThroughPolicies(denied);
  }

  /** By what the provider makes of a call, and not by what stands first in it. */
  async function callGenericallyThroughPolicies(denied: unknown): Promise<void> {
    const host = await mesh.virtualIp(hostOf(dubboDesk));
    const generic = (call: GenericCall) => callGenerically(ports.dubbo, host, call);
    expect(await generic({ method: 'greet', argument: 'Ada' })).toBe('desk: hello Ada');
    expect(await generic({ method: 'attachment', argument: 'path' })).toEqual(denied);
    expect(await generic({ method: 'greet', argument: 'Ada', interface: 'desk.Another' })).toEqual(denied);
    const unclear = await generic({ method: 'greet', argument: 'Ada', descriptor: 'Ljava/lang/Object;' });
    expect(unclear).toContain('it cannot be told what a server would take this request for');
    expect(
      await generic({ method: 'greet', argument: 'Ada', interface: 'desk.DeskService', path: 'desk.Another' }),
    ).toEqual(denied);
  }

  it('behind metaproxy are let through by method, before desks behind metaproxy', async () => {
    await Promise.all([thriftDesk, dubboDesk, securedClerk].map(withMetaproxy));
    await callThroughPolicies();
  });

  it('behind a stock Envoy, which reads Thrift, get the same answers from desks behind metaproxy', async () => {
    await Promise.all([withMetaproxy(thriftDesk), withMetaproxy(dubboDesk), withEnvoy(securedClerk)]);
    await callThroughPolicies();
  });

  it('behind metaproxy call desks behind stock Envoys, which know callers and no methods', async () => {
    await Promise.all([withEnvoy(thriftDesk), withEnvoy(dubboDesk), withMetaproxy(securedClerk)]);
    expect((await dubboClient()('greet', 'Ada')).result).toBeUndefined();
    mesh.remove('policies.yaml');
    const thrift = await thriftClient();
    expect(await thrift.call('greetBeta', 'Ada')).toBe('desk: hello Ada');
    const call = await answeredDubboClient();
    expect(await call('attachment', 'tag')).toEqual({ result: 'null,null,null' });
    expect(await call('notes')).toEqual({ result: '' });
    // What the policies were asked about is what the provider does: it goes by the path.
    const host = await mesh.virtualIp(hostOf(dubboDesk));
    const disguised = { method: 'greet', argument: 'Ada', interface: 'desk.DeskService', path: 'desk.Another' };
    expect(await callGenerically(ports.dubbo, host, disguised)).toContain('exported service: desk.Another');
  });
});
