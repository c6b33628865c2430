/** Dubbo 2 through metaproxy between a consumer and providers of Apache Dubbo, as it is. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { stage } from '../e2e/proxy-stage.ts';
import { dubboDeskHost, dubboDeskManifest } from './dubbo-manifests.ts';
import { InteropMesh } from './interop-mesh.ts';
import { type DeskConsumer, type DeskProcess, JavaDesk, type Outcome } from './java-desk.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const peer = peerUnderTest('dubbo');
/** RpcException's codes. */
const NETWORK = 1;
const TIMEOUT = 2;

let mesh: InteropMesh;
let desk: JavaDesk;
let consumer: DeskConsumer;
/** By name. */
const providers = new Map<string, { readonly port: number; process: DeskProcess }>();
let port = 0;

beforeAll(async () => {
  if (peer === undefined) return;
  const [deskPort = 0, v1 = 0, v2 = 0] = await freePorts(3);
  port = deskPort;
  mesh = await InteropMesh.start({ 'desk.yaml': dubboDeskManifest({ port, v1, v2 }) });
  desk = new JavaDesk(peer, { 'desk.test': await mesh.virtualIp(dubboDeskHost), 'proxy.test': '127.0.0.1' });
  mesh.cleanup.own(
    () => desk,
    () => desk.remove(),
  );
  await mesh.startProxy('callers', 'dubbo');
  await Promise.all([provide('v1', v1), provide('v2', v2)]);
  consumer = await desk.consume();
  mesh.cleanup.own(
    () => consumer,
    () => consumer.kill(),
  );
});

afterAll(async () => mesh?.stop());

async function provide(name: string, at: number): Promise<void> {
  const started = await desk.provide(name, at);
  providers.set(name, { port: at, process: started });
  mesh.cleanup.own(
    () => started,
    () => started.kill(),
  );
}

type Attachments = Readonly<Record<string, string>>;

/** At the desk's virtual IP. */
async function call(method: string, argument = '', attachments: Attachments = {}, parameters = ''): Promise<Outcome> {
  return consumer.call({ url: `dubbo://desk.test:${port}?timeout=10000${parameters}`, method, argument, attachments });
}

describe.skipIf(peer === undefined)('a Dubbo consumer', () => {
  it('is routed by interface, method and attachments, call by call on one connection', async () => {
    const callers = Array.from({ length: 20 }, (_, index) => `caller ${index}`);
    const calls = callers.flatMap((name) => [call('greet', name), call('greet', name, { tag: 'canary' })]);
    expect(await Promise.all(calls)).toEqual(
      callers.flatMap((name) => [{ result: `v1: hello ${name}` }, { result: `v2: hello ${name}` }]),
    );
  });

  it('gets exceptions as the provider throws them, declared and undeclared', async () => {
    expect(await call('greet', 'declared')).toEqual({ thrown: 'DeskException', message: 'as declared' });
    expect(await call('greet', 'undeclared')).toEqual({
      thrown: 'IllegalStateException',
      message: 'as nobody declared',
    });
  });

  it('carries graphs of values of every type unchanged, in both directions', async () => {
    expect(await Promise.all(['0', '1', '3'].map((depth) => call('reflect', depth)))).toEqual(
      Array.from({ length: 3 }, () => ({ result: 'true' })),
    );
  });

  it('reads attachments behind arguments of every type, and changes them without touching those', async () => {
    expect(await call('reflect', '2', { tag: 'canary' })).toEqual({ result: 'true' });
    expect(await call('reflect', '2', { tag: 'change' })).toEqual({ result: 'true' });
  });

  it('sees attachments that a route has set, in calls and in results', async () => {
    expect(await call('attachment', 'tag', { tag: 'change' })).toEqual({ result: 'changed,changed,metaproxy' });
    expect(await call('attachment', 'tag', { tag: 'canary' })).toEqual({ result: 'canary,canary,null' });
    const thrown = await call('greet', 'declared', { tag: 'change' });
    expect(thrown).toEqual({ thrown: 'DeskException', message: 'as declared' });
  });

  it('brings calls without a reply to the provider, and goes on', async () => {
    await call('note', 'one');
    await call('note', 'two');
    await expect.poll(async () => (await call('notes')).result?.split(',').toSorted()).toEqual(['one', 'two']);
  });

  it('understands what the proxy answers where no route and no endpoint is there, and goes on', async () => {
    const nowhere = await call('nothing');
    expect(nowhere).toEqual({ code: NETWORK, message: expect.stringMatching(/no route matches the request/) });
    const lost = await call('greet', 'Ada', { tag: 'lost' });
    expect(lost).toEqual({ code: NETWORK, message: expect.stringMatching(/no healthy upstream/) });
    expect(await call('greet', 'Ada')).toEqual({ result: 'v1: hello Ada' });
  });

  it('in another serialization is routed by what needs no body, and understands errors too', async () => {
    const other = '&serialization=fastjson2';
    expect(await call('greet', 'Ada', {}, other)).toEqual({
      code: NETWORK,
      message: expect.stringMatching(/no route matches the request/),
    });
  });

  it('waits no longer than it says, and its late reply disturbs nobody', async () => {
    const slow = await call('greet', 'slow1500', {}, '&timeout=500');
    expect(slow).toEqual({ code: TIMEOUT, message: expect.stringMatching(/timeout/i) });
    expect(await call('greet', 'slow1200')).toEqual({ result: 'v1: hello slow1200' });
  });
});

const protocol = { name: 'dubbo', codec: { name: 'aeraki.meta_protocol.codec.dubbo' } };

/** A proxy of its own before providers of theirs. */
async function ownStage(names: readonly string[], more: Partial<Parameters<typeof stage>[0]> = {}) {
  const ports = await freePorts(names.length);
  await Promise.all(names.map((name, index) => provide(name, ports[index] ?? 0)));
  const staged = await stage({ protocol, clusters: [{ name: 'desk', ports }], ...more });
  const greet = (argument: string, parameters = ''): Promise<Outcome> =>
    consumer.call({ url: `dubbo://proxy.test:${staged.port}?timeout=10000${parameters}`, method: 'greet', argument });
  return { ...staged, greet };
}

describe.skipIf(peer === undefined)('a Dubbo provider', () => {
  it('that is killed fails the calls it had, and serves again when it is back', async () => {
    const { greet, clusterCounter } = await ownStage(['mortal']);
    expect(await greet('Ada')).toEqual({ result: 'mortal: hello Ada' });
    const { port: at, process } = providers.get('mortal') ?? { port: 0 };
    const waiting = greet('slow20000', '&timeout=30000');
    await vi.waitFor(async () => expect(await clusterCounter('desk', 'rqTotal')).toBe(2));
    await process?.kill();
    expect(await waiting).toEqual({ code: NETWORK, message: expect.stringMatching(/remote connection failure/) });
    expect(await greet('Ada')).toEqual({ code: NETWORK, message: expect.stringMatching(/remote connection failure/) });
    await provide('mortal', at);
    expect(await greet('Ada')).toEqual({ result: 'mortal: hello Ada' });
  });

  it('that is told to end finishes its calls, gets no new ones, and no call fails', async () => {
    const { greet, clusterCounter } = await ownStage(['leaving', 'staying']);
    const outcomes: Outcome[] = [];
    let ending = false;
    const callers = Array.from({ length: 4 }, async (_, index) => {
      while (!ending) outcomes.push(await greet(index === 0 ? 'slow100' : 'Ada'));
    });
    await vi.waitFor(() => expect(outcomes.some(({ result }) => result?.startsWith('leaving'))).toBe(true));
    const gone = providers.get('leaving')?.process.kill('SIGTERM');
    await vi.waitFor(async () => expect(await clusterCounter('desk', 'heartbeats')).toBeGreaterThan(0));
    await gone;
    ending = true;
    await Promise.all(callers);
    expect(outcomes.filter(({ result }) => result === undefined)).toEqual([]);
    expect(outcomes.at(-1)?.result).toMatch(/^staying/);
  });

  it('answers heartbeats of the proxy, and the consumer gets its own answered', async () => {
    const { greet, counter, clusterCounter } = await ownStage(['idle'], {
      limits: { heartbeatMs: 300, requestTimeoutMs: 4000 },
    });
    const heartbeat = '&heartbeat=300';
    expect(await greet('Ada', heartbeat)).toEqual({ result: 'idle: hello Ada' });
    await vi.waitFor(async () => expect(await counter('requestEvent')).toBeGreaterThan(4));
    await vi.waitFor(async () => expect(await clusterCounter('desk', 'heartbeats')).toBeGreaterThan(4));
    expect(await greet('Grace', heartbeat)).toEqual({ result: 'idle: hello Grace' });
    expect(await counter('cxTotal')).toBe(1);
    expect(await clusterCounter('desk', 'cxTotal')).toBe(1);
  });
});
