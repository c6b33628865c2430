/** Dubbo between Apache's own consumer and providers through stock Envoys, which read it with their generic proxy. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { dubboDeskHost } from './dubbo-manifests.ts';
import { startEnvoy } from './envoy-process.ts';
import { clerk, guardedDubboDesk, stranger, versions } from './guarded-dubbo.ts';
import { InteropMesh } from './interop-mesh.ts';
import { type DeskConsumer, JavaDesk, type Outcome } from './java-desk.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 240_000 });

const envoy = peerUnderTest('envoy');
const peer = peerUnderTest('dubbo');

/** RpcException's code. */
const NETWORK = 1;

describe.skipIf(envoy === undefined || peer === undefined)('Dubbo in a mesh whose access is enforced', () => {
  let mesh: InteropMesh;
  let consumer: DeskConsumer;
  let port = 0;

  beforeAll(async () => {
    const [deskPort = 0, v1 = 0, v2 = 0] = await freePorts(3);
    port = deskPort;
    mesh = await InteropMesh.start(
      { 'desk.yaml': guardedDubboDesk({ port, v1, v2 }) },
      '  access: { mode: Enforced }\n',
    );
    const desk = new JavaDesk(peer ?? '', { 'desk.test': await mesh.virtualIp(dubboDeskHost) });
    mesh.cleanup.own(
      () => desk,
      () => desk.remove(),
    );
    const providers = [desk.provide('v1', v1), desk.provide('v2', v2)];
    for (const started of await Promise.all(providers))
      mesh.cleanup.own(
        () => started,
        () => started.kill(),
      );
    consumer = await desk.consume();
    mesh.cleanup.own(
      () => consumer,
      () => consumer.kill(),
    );
    for (const version of versions) await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', version);
  });

  afterAll(async () => mesh?.stop());

  async function call(method: string, argument = '', attachments: Readonly<Record<string, string>> = {}) {
    return consumer.call({ url: `dubbo://desk.test:${port}?timeout=10000`, method, argument, attachments });
  }

  it('is for nobody whom no policy permits', async () => {
    const other = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', stranger);
    onTestFinished(async () => other.stop());
    const socket = connect(port, await mesh.virtualIp(dubboDeskHost));
    onTestFinished(() => void socket.destroy());
    await expect(once(socket, 'connect')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('is routed call by call, by interface, method and attachments, over mutual TLS', async () => {
    const caller = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', clerk);
    onTestFinished(async () => caller.stop());
    const ready = async (): Promise<Outcome> => call('greet', 'Ada');
    await expect.poll(ready).toEqual({ result: 'v1: hello Ada' });
    const callers = Array.from({ length: 10 }, (_, index) => `caller ${index}`);
    const calls = callers.flatMap((name) => [call('greet', name), call('greet', name, { tag: 'canary' })]);
    expect(await Promise.all(calls)).toEqual(
      callers.flatMap((name) => [{ result: `v1: hello ${name}` }, { result: `v2: hello ${name}` }]),
    );
    expect(await call('greet', 'declared')).toEqual({ thrown: 'DeskException', message: 'as declared' });
    // A graph of values of every type, behind which Envoy finds the attachment.
    expect(await call('reflect', '2', { tag: 'canary' })).toEqual({ result: 'true' });
    // More than an Envoy holds unless it is told to, there and back.
    expect((await call('greet', 'x'.repeat(2 ** 21))).result).toHaveLength('v1: hello '.length + 2 ** 21);
    // What is lost is said to the caller, on a connection that goes on; a mutation is not done, and was found.
    expect(await call('nothing')).toMatchObject({ code: NETWORK });
    expect(await call('greet', 'Ada', { tag: 'lost' })).not.toHaveProperty('result');
    expect(await call('attachment', 'tag', { tag: 'change' })).toEqual({ result: 'change,change,null' });
    await call('note', 'one');
    await expect.poll(async () => (await call('notes')).result).toBe('one');
  });
});
