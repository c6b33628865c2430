/** Thrift between Apache's libraries through stock Envoys, which read it with a filter of their own. */
import { once } from 'node:events';
import { createClient, createConnection, TBinaryProtocol, TFramedTransport } from 'thrift';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { deskHost, deskManifest } from './desk-manifests.ts';
import { startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { Client } from './npm-desk.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { DeskClient, startDeskServers } from './python-peer.ts';
import { clerk, guardedDesk, securedDesk, stranger } from './thrift-manifests.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const envoy = peerUnderTest('envoy');
const python = peerUnderTest('python-thrift');

/** Lax messages are for nobody to recognise, and are no Thrift to Envoy. */
const flavours = ['framed-binary', 'framed-compact', 'buffered-binary', 'header-binary', 'header-compact'];
const UNKNOWN_METHOD = 1;
const INTERNAL_ERROR = 6;

describe.skipIf(envoy === undefined || python === undefined)('Thrift callers behind a stock Envoy', () => {
  let mesh: InteropMesh;
  let client: DeskClient;
  const ports = new Map<string, number>();

  beforeAll(async () => {
    const free = await freePorts(flavours.length * 4);
    const take = (): number => free.pop() ?? 0;
    const desks = flavours.map((name) => ({ name, port: take(), v1: take(), v2: take(), dead: take() }));
    for (const { name, port } of desks) ports.set(name, port);
    mesh = await InteropMesh.start(Object.fromEntries(desks.map((desk) => [`${desk.name}.yaml`, deskManifest(desk)])));
    const served = await startDeskServers(
      python ?? '',
      desks.flatMap(({ name: flavour, v1, v2 }) => [
        { flavour, version: 'v1', port: v1 },
        { flavour, version: 'v2', port: v2 },
      ]),
    );
    client = new DeskClient(python ?? '');
    mesh.cleanup.own(
      () => served,
      () => served.stop(),
    );
    mesh.cleanup.own(
      () => client,
      () => client.stop(),
    );
    await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC');
  });

  afterAll(async () => mesh?.stop());

  async function session(
    name: string,
    caller: Pick<Parameters<DeskClient['session']>[0], 'calls' | 'headers' | 'service'>,
  ) {
    const host = await mesh.virtualIp(deskHost({ name }));
    return client.session({ flavour: name, host, port: ports.get(name) ?? 0, ...caller });
  }

  it.each(flavours)(
    'are routed by method, and told why a call goes nowhere, on one connection: %s',
    async (flavour) => {
      const ready = async () => (await session(flavour, { calls: [['greet', 'Ada']] }))[0]?.result;
      await expect.poll(ready).toBe('v1: hello Ada');
      const outcomes = await session(flavour, {
        calls: [
          ['greetBeta', 'Ada'],
          ['greet', 'declared'],
          ['nowhere', ''],
          ['lost', ''],
          ['down', ''],
          ['note', 'one'],
          // Without frames Envoy reads all of a message, and knows no UUIDs.
          flavour.startsWith('buffered') ? ['greet', 'Eve'] : ['reflect'],
          ['greet', 'Grace'],
        ],
      });
      expect(outcomes).toEqual([
        { result: 'v2: hello Ada' },
        { refused: 'as declared' },
        { exception: UNKNOWN_METHOD, message: "no route for method 'nowhere'" },
        { exception: INTERNAL_ERROR, message: expect.stringMatching(/no healthy upstream/) },
        { exception: INTERNAL_ERROR, message: expect.stringMatching(/connection failure/) },
        { result: null },
        { result: flavour.startsWith('buffered') ? 'v1: hello Eve' : true },
        { result: 'v1: hello Grace' },
      ]);
    },
  );

  it.each(flavours)('are routed by the service that a call names: %s', async (flavour) => {
    expect(await session(flavour, { calls: [['greet', 'Ada']], service: 'admin' })).toEqual([
      { result: 'v2: hello Ada' },
    ]);
  });

  it('are routed by a key of the header', async () => {
    const tenant = async (name: string) =>
      session('header-binary', { calls: [['greet', 'Ada']], headers: { tenant: name } });
    expect(await tenant('blue')).toEqual([{ result: 'v2: hello Ada' }]);
    expect(await tenant('red')).toEqual([{ result: 'v1: hello Ada' }]);
  });
});

describe.skipIf(envoy === undefined || python === undefined)('Thrift in a mesh whose access is enforced', () => {
  let mesh: InteropMesh;
  let port = 0;

  beforeAll(async () => {
    const [service = 0, workload = 0] = await freePorts(2);
    port = service;
    mesh = await InteropMesh.start(
      { 'desk.yaml': guardedDesk(port, workload), 'routes.yaml': securedDesk('v1') },
      '  access: { mode: Enforced }\n',
    );
    // Both versions are one program; which of them is called is said by the Envoy that a call came through.
    const served = await startDeskServers(python ?? '', [{ flavour: 'framed-binary', version: 'v1', port: workload }]);
    mesh.cleanup.own(
      () => served,
      () => served.stop(),
    );
  });

  afterAll(async () => mesh?.stop());

  async function connected(): Promise<Client> {
    const host = await mesh.virtualIp('secured.desk.mesh');
    const connection = createConnection(host, port, { transport: TFramedTransport, protocol: TBinaryProtocol });
    connection.on('error', () => {});
    await once(connection, 'connect');
    onTestFinished(() => connection.destroy());
    return createClient({ Client }, connection);
  }

  it('is routed call by call over mutual TLS, and a route that changes closes no connection', async () => {
    const versions: readonly Workload[] = ['v1', 'v2'].map((version, at) => ({
      address: `127.0.79.${at + 1}`,
      namespace: 'desk',
      serviceAccount: `desk-${version}`,
    }));
    const [first, second] = await Promise.all(versions.map((one) => startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', one)));
    const caller = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', clerk);
    onTestFinished(async () => caller.stop());
    const calls = async () =>
      Promise.all(
        [first, second].map(async (one) => one?.admin.total(/^listener\.127\.0\.79\..*downstream_cx_total$/)),
      );
    const client = await connected();
    await expect.poll(() => client.call('greet', 'Ada').catch(String)).toBe('v1: hello Ada');
    const [before = 0, none] = await calls();
    expect(before).toBeGreaterThan(0);
    expect(none).toBe(0);
    mesh.write('routes.yaml', securedDesk('v2'));
    await expect
      .poll(async () => {
        expect(await client.call('greet', 'Ada')).toBe('v1: hello Ada');
        return (await calls())[1];
      })
      .toBeGreaterThan(0);
  });

  it('is for nobody whom no policy permits', async () => {
    const other = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', stranger);
    onTestFinished(async () => other.stop());
    await expect(connected()).rejects.toThrow(/ECONNREFUSED/);
  });
});
