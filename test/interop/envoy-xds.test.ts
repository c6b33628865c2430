/** A stock Envoy as a client of the control plane: it stands on virtual IPs, takes every update, and finds nothing odd. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { deskHost, deskManifest } from './desk-manifests.ts';
import { askOnce, echoManifest, type Place, startEcho, underTraffic } from './echo-service.ts';
import { type EnvoyProcess, startEnvoy, type Variant } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { DeskClient, type DeskServer, startDeskServers } from './python-peer.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const envoy = peerUnderTest('envoy');
const python = peerUnderTest('python-thrift');
const variants: readonly Variant[] = ['GRPC', 'DELTA_GRPC'];

/** Of the commands' output, what is compared. */
interface Configured {
  readonly type: string;
  readonly name: string;
  readonly version: string;
}
interface Status {
  readonly types: readonly { readonly type: string; readonly acknowledgedVersion?: string }[];
}

describe.skipIf(envoy === undefined).each(variants)('envoy over %s', (variant) => {
  let mesh: InteropMesh;
  let client: EnvoyProcess;
  let echo: Place;
  const [servicePort, deskPort] = [0, 1];
  let ports: readonly number[] = [];
  const port = (index: number): number => ports[index] ?? 0;

  beforeAll(async () => {
    ports = await freePorts(6);
    mesh = await InteropMesh.start({
      'echo.yaml': echoManifest(port(servicePort), port(2)),
      'desk.yaml': deskManifest({ name: 'desk', port: port(deskPort), v1: port(4), v2: port(5) }),
    });
    await startEcho(mesh, 'one', port(2));
    await startEcho(mesh, 'two', port(3));
    client = await startEnvoy(envoy ?? '', mesh, variant);
    echo = { host: await mesh.virtualIp('echo.desk.mesh'), port: port(servicePort) };
  });

  afterAll(async () => mesh?.stop());

  it('brings callers of a virtual IP to the service behind it', async () => {
    expect(echo.host).toMatch(/^127\.241\./);
    expect(await askOnce(echo)).toBe('one:hello');
  });

  it('follows an endpoint that moves, without one failure on eight callers at once', async () => {
    const callers = await underTraffic(echo, 8, async () => {
      for (let first = 0; first < 50; first++) expect(await askOnce(echo)).toBe('one:hello');
      mesh.write('echo.yaml', echoManifest(port(servicePort), port(3)));
      await expect.poll(async () => askOnce(echo), { interval: 1 }).toBe('two:hello');
      for (let more = 0; more < 50; more++) expect(await askOnce(echo)).toBe('two:hello');
    });
    for (const answers of callers) {
      expect(new Set(answers)).toEqual(new Set(['one:hello', 'two:hello']));
      // Once moved, nobody is brought back.
      expect(answers).toEqual(answers.toSorted());
    }
  });

  it('takes a service that comes, and lets go of it when it goes', async () => {
    const [late = 0] = await freePorts(1);
    mesh.write('late.yaml', echoManifest(late, port(2), { name: 'late' }));
    await expect.poll(async () => mesh.virtualIp('late.desk.mesh').catch(() => '')).not.toBe('');
    const place = { host: await mesh.virtualIp('late.desk.mesh'), port: late };
    await expect.poll(async () => askOnce(place).catch(() => 'not yet')).toBe('one:hello');
    mesh.remove('late.yaml');
    await expect.poll(async () => askOnce(place).catch(() => 'gone')).toBe('gone');
  });

  it.skipIf(python === undefined)('reads Thrift by its own filter where rules ask something of its calls', async () => {
    const servers: DeskServer[] = [
      { flavour: 'framed-binary', version: 'v1', port: port(4) },
      { flavour: 'framed-binary', version: 'v1', port: port(5) },
    ];
    const served = await startDeskServers(python ?? '', servers);
    onTestFinished(async () => served.stop());
    const caller = new DeskClient(python ?? '');
    onTestFinished(async () => caller.stop());
    const outcomes = await caller.session({
      flavour: 'framed-binary',
      host: await mesh.virtualIp(deskHost({ name: 'desk' })),
      port: port(deskPort),
      calls: [
        ['greet', 'Ada'],
        ['nowhere', 'Ada'],
      ],
    });
    expect(outcomes).toMatchObject([{ result: 'v1: hello Ada' }, { message: "no route for method 'nowhere'" }]);
    expect(await mesh.get('findings')).not.toContainEqual(expect.objectContaining({ code: 'ISTH0701' }));
  });

  it('has the versions that proxy-config and proxy-status show', async () => {
    const configured: readonly Configured[] = JSON.parse(
      (await mesh.isthmus('proxy-config', 'all', client.node, '-o', 'json')).output,
    );
    const ours = (type: string): Readonly<Record<string, string>> =>
      Object.fromEntries(configured.filter((one) => one.type === type).map(({ name, version }) => [name, version]));
    const { latest, clusters, listeners } = await client.admin.configuration();
    // Of the echo, and of the desk with its four subsets.
    expect(Object.keys(clusters)).toHaveLength(6);
    expect(Object.keys(clusters).toSorted()).toEqual(Object.keys(ours('cluster')).toSorted());
    expect(Object.keys(listeners).toSorted()).toEqual(Object.keys(ours('listener')).toSorted());
    // Over the state of the world a resource has the version of the response that last changed it.
    if (variant === 'DELTA_GRPC')
      expect({ clusters, listeners }).toEqual({ clusters: ours('cluster'), listeners: ours('listener') });
    const [{ types }]: readonly [Status] = JSON.parse((await mesh.isthmus('proxy-status', '-o', 'json')).output);
    const acknowledged = (type: string) => types.find((one) => one.type === type)?.acknowledgedVersion;
    expect(latest).toEqual({ clusters: acknowledged('CDS'), listeners: acknowledged('LDS') });
  });

  it('has acknowledged all it was sent, met nothing deprecated or unknown, and warned of nothing', async () => {
    const status = await mesh.isthmus('proxy-status');
    expect(status.code, status.output).toBe(0);
    for (const refused of ['cluster_manager.cds.update_rejected', 'listener_manager.lds.update_rejected'])
      expect(await client.admin.stat(refused), refused).toBe(0);
    for (const odd of [
      'server.dynamic_unknown_fields',
      'server.static_unknown_fields',
      'runtime.deprecated_feature_use',
    ])
      expect(await client.admin.stat(odd), odd).toBe(0);
    expect(await client.admin.stat('listener_manager.lds.update_success')).toBeGreaterThan(0);
    expect(client.log()).toBe('');
  });
});
