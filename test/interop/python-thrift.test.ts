/** Thrift through metaproxy between callers and servers of Apache's Python library, in each transport and protocol. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { deskHost, deskManifest, GUARDED_ADDRESS, guardedManifest } from './desk-manifests.ts';
import { InteropMesh } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { DeskClient, type DeskServer, type Outcome, startDeskServers } from './python-peer.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const python = peerUnderTest('python-thrift');
const flavours = [
  'framed-binary',
  'framed-lax',
  'framed-compact',
  'buffered-binary',
  'buffered-lax',
  'buffered-compact',
  'header-binary',
  'header-compact',
];
/** TApplicationException's types. */
const UNKNOWN_METHOD = 1;
const INTERNAL_ERROR = 6;

let mesh: InteropMesh;
let client: DeskClient;
const ports = new Map<string, number>();

beforeAll(async () => {
  if (python === undefined) return;
  const free = await freePorts(flavours.length * 5);
  const take = (): number => free.pop() ?? 0;
  const desks = flavours.map((name) => ({ name, port: take(), v1: take(), v2: take(), dead: take() }));
  const guarded = desks.map(({ name, v1 }) => ({ name: `guarded-${name}`, port: take(), v1 }));
  for (const { name, port } of [...desks, ...guarded]) ports.set(name, port);
  mesh = await InteropMesh.start({
    ...Object.fromEntries(desks.map((desk) => [`${desk.name}.yaml`, deskManifest(desk)])),
    ...Object.fromEntries(guarded.map((desk) => [`${desk.name}.yaml`, guardedManifest(desk)])),
  });
  const servers = desks.flatMap(({ name: flavour, v1, v2 }): DeskServer[] => [
    { flavour, version: 'v1', port: v1 },
    { flavour, version: 'v2', port: v2 },
  ]);
  const served = await startDeskServers(python, servers);
  client = new DeskClient(python);
  mesh.cleanup.own(
    () => served,
    () => served.stop(),
  );
  mesh.cleanup.own(
    () => client,
    () => client.stop(),
  );
  await mesh.startProxy('servers', 'machines', [GUARDED_ADDRESS]);
  await mesh.startProxy('callers', 'desk');
});

afterAll(async () => mesh?.stop());

type Calls = Parameters<DeskClient['session']>[0]['calls'];

interface Caller {
  /** Another one than the desk speaks. */
  readonly flavour?: string;
  readonly headers?: Record<string, string>;
  readonly service?: string;
}

/** One connection to the desk of a flavour, by its virtual IP. */
async function calling(desk: string, calls: Calls, caller: Caller = {}): Promise<readonly Outcome[]> {
  const host = await mesh.virtualIp(deskHost({ name: desk }));
  return client.session({ flavour: desk, host, port: ports.get(desk) ?? 0, calls, ...caller });
}

describe.skipIf(python === undefined).each(flavours)('python-thrift, %s', (flavour) => {
  it('is routed by method, request by request on one connection', async () => {
    const calls: Calls = [
      ['greet', 'Ada'],
      ['greetBeta', 'Ada'],
      ['greet', 'Grace'],
      ['greetBeta', 'Grace'],
    ];
    expect(await calling(flavour, calls)).toEqual([
      { result: 'v1: hello Ada' },
      { result: 'v2: hello Ada' },
      { result: 'v1: hello Grace' },
      { result: 'v2: hello Grace' },
    ]);
  });

  it('gets exceptions as the server throws them, declared and undeclared', async () => {
    const calls: Calls = [
      ['greet', 'declared'],
      ['greet', 'undeclared'],
      ['missing', ''],
      ['greet', 'Ada'],
    ];
    expect(await calling(flavour, calls)).toEqual([
      { refused: 'as declared' },
      { exception: INTERNAL_ERROR, message: 'as nobody declared' },
      { exception: UNKNOWN_METHOD, message: 'Unknown function missing' },
      { result: 'v1: hello Ada' },
    ]);
  });

  it('carries values of every type unchanged, in both directions', async () => {
    const calls: Calls = [['reflect'], ['reflect']];
    expect(await calling(flavour, calls)).toEqual([{ result: true }, { result: true }]);
  });

  it('brings oneway requests to the server, and goes on with the next call', async () => {
    const calls: Calls = [
      ['note', 'one'],
      ['note', 'two'],
      ['greet', 'Ada'],
    ];
    expect(await calling(flavour, calls)).toEqual([{ result: null }, { result: null }, { result: 'v1: hello Ada' }]);
    await expect
      .poll(async () => calling(flavour, [['notes']]))
      .toEqual([{ result: expect.toSatisfy((notes: string[]) => notes.toSorted().join() === 'one,two') }]);
  });

  it('understands what the proxy answers where no route, no endpoint or nobody is there, and goes on', async () => {
    const calls: Calls = [
      ['nowhere', ''],
      ['lost', ''],
      ['down', ''],
      ['greet', 'Ada'],
    ];
    const [nowhere, lost, down, greeted] = await calling(flavour, calls);
    expect(nowhere).toEqual({ exception: UNKNOWN_METHOD, message: expect.stringMatching(/route/i) });
    expect(lost).toEqual({ exception: INTERNAL_ERROR, message: expect.stringMatching(/healthy|upstream|endpoint/i) });
    expect(down).toEqual({ exception: INTERNAL_ERROR, message: expect.stringMatching(/upstream|connect/i) });
    expect(greeted).toEqual({ result: 'v1: hello Ada' });
  });

  it('understands that a request is over a limit, and goes on with others', async () => {
    const calls: Calls = [
      ['greetBeta', 'Ada'],
      ['greetBeta', 'Ada'],
      ['greet', 'Ada'],
      ['greetBeta', 'Ada'],
      ['greet', 'Grace'],
    ];
    const limited = { exception: INTERNAL_ERROR, message: expect.stringMatching(/limit/) };
    expect(await calling(`guarded-${flavour}`, calls, { flavour })).toEqual([
      { result: 'v1: hello Ada' },
      limited,
      { result: 'v1: hello Ada' },
      limited,
      { result: 'v1: hello Grace' },
    ]);
  });

  it('is routed by the service that a multiplexed call names, and understands the answers of the proxy', async () => {
    const calls: Calls = [
      ['greet', 'Ada'],
      ['nowhere', ''],
      ['greet', 'declared'],
      ['reflect'],
      ['note', 'multiplexed'],
      ['greet', 'Grace'],
    ];
    const answers = (version: string) => [
      { result: `${version}: hello Ada` },
      { exception: UNKNOWN_METHOD },
      { refused: 'as declared' },
      { result: true },
      { result: null },
      { result: `${version}: hello Grace` },
    ];
    expect(await calling(flavour, calls, { service: 'desk' })).toMatchObject(answers('v1'));
    // Its route goes before those of methods, so that the server answers `nowhere` as well.
    expect(await calling(flavour, calls, { service: 'admin' })).toMatchObject(answers('v2'));
  });
});

describe.skipIf(python === undefined)('python-thrift with THeader', () => {
  it('is routed by a key of the header', async () => {
    const headers = { tenant: 'blue' };
    expect(await calling('header-binary', [['greet', 'Ada']], { headers })).toEqual([{ result: 'v2: hello Ada' }]);
    expect(await calling('header-compact', [['greet', 'Ada']], { headers })).toEqual([{ result: 'v2: hello Ada' }]);
  });

  it('answers callers of other transports, each in its own, though they take turns on its connections', async () => {
    const callers = flavours.filter((flavour) => !flavour.endsWith('lax'));
    for (const flavour of [...callers, ...callers.toReversed()]) {
      const calls: Calls = [
        ['greet', flavour],
        ['reflect', ''],
      ];
      const outcomes = await calling('header-binary', calls, { flavour });
      expect(outcomes, flavour).toEqual([{ result: `v1: hello ${flavour}` }, { result: true }]);
    }
  });
});
