/** A stock Envoy as a client of the control plane: it stands on virtual IPs, takes every update, and finds nothing odd. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { deskHost, deskManifest } from './desk-manifests.ts';
import { type EnvoyProcess, startEnvoy, type Variant } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { DeskClient, type DeskServer, startDeskServers } from './python-peer.ts';

const envoy = peerUnderTest('envoy');
const python = peerUnderTest('python-thrift');
const variants: readonly Variant[] = ['GRPC', 'DELTA_GRPC'];

const echoManifest = (port: number, endpoint: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: echo, namespace: desk }
spec:
  hosts: [echo.desk.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - { number: ${port}, name: tcp-echo, protocol: TCP }
  endpoints:
    - { address: 127.0.0.1, ports: { tcp-echo: ${endpoint} } }
`;

/** Sends back what comes, behind the server's name. */
async function startEcho(mesh: InteropMesh, name: string, port: number): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => socket.write(`${name}:${bytes.toString()}`));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  mesh.cleanup.own(
    () => server,
    () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  );
}

async function open(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Rejects when the connection is closed before the answer. */
async function ask(socket: Socket, text: string): Promise<string> {
  const answered = new AbortController();
  const { signal } = answered;
  const closed = once(socket, 'close', { signal }).then(() => Promise.reject(new Error('closed before the answer')));
  socket.write(text);
  const [bytes] = await Promise.race([once(socket, 'data', { signal }), closed]).finally(() => {
    closed.catch(() => {});
    answered.abort();
  });
  return String(bytes);
}

async function askOnce(host: string, port: number): Promise<string> {
  const socket = await open(host, port);
  const answer = await ask(socket, 'hello');
  socket.destroy();
  return answer;
}

describe.skipIf(envoy === undefined).each(variants)('envoy over %s', (variant) => {
  let mesh: InteropMesh;
  let client: EnvoyProcess;
  let host = '';
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
    host = await mesh.virtualIp('echo.desk.mesh');
  });

  afterAll(async () => mesh?.stop());

  it('brings callers of a virtual IP to the service behind it', async () => {
    expect(host).toMatch(/^127\.241\./);
    expect(await askOnce(host, port(servicePort))).toBe('one:hello');
  });

  it('follows an endpoint that moves under traffic, without one failure', async () => {
    const standing = await open(host, port(servicePort));
    onTestFinished(() => void standing.destroy());
    const answers: string[] = [];
    let isMoving = false;
    while (answers.at(-1) !== 'two:hello') {
      answers.push(await askOnce(host, port(servicePort)));
      expect(await ask(standing, 'still')).toBe('one:still');
      if (answers.length >= 50 && !isMoving) {
        isMoving = true;
        mesh.write('echo.yaml', echoManifest(port(servicePort), port(3)));
      }
    }
    expect(answers.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => 'one:hello'));
    for (let more = 0; more < 50; more++) expect(await askOnce(host, port(servicePort))).toBe('two:hello');
  });

  it('takes a service that comes, and lets go of it when it goes', async () => {
    const [late = 0] = await freePorts(1);
    const lateEcho = echoManifest(late, port(2))
      .replaceAll('echo.desk', 'late.desk')
      .replace('name: echo', 'name: late');
    mesh.write('late.yaml', lateEcho);
    await expect.poll(async () => mesh.virtualIp('late.desk.mesh').catch(() => '')).not.toBe('');
    const address = await mesh.virtualIp('late.desk.mesh');
    await expect.poll(async () => askOnce(address, late).catch(() => 'not yet')).toBe('one:hello');
    mesh.remove('late.yaml');
    await expect.poll(async () => askOnce(address, late).catch(() => 'gone'), { timeout: 20_000 }).toBe('gone');
  });

  it.skipIf(python === undefined)(
    'copies the bytes of a MetaProtocol port, and a finding says that no rule of it holds',
    async () => {
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
      expect(outcomes).toMatchObject([{ result: 'v1: hello Ada' }, { message: 'Unknown function nowhere' }]);
      expect(await mesh.get('findings')).toContainEqual(expect.objectContaining({ code: 'ISTH0701' }));
    },
  );

  it('has acknowledged all it was sent, met nothing deprecated or unknown, and warned of nothing', async () => {
    const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');
    const status = spawnSync(process.execPath, [program, 'proxy-status', '-o', 'json', '--admin', mesh.admin], {
      encoding: 'utf8',
    });
    expect(status.status, status.stdout + status.stderr).toBe(0);
    for (const refused of ['cluster_manager.cds.update_rejected', 'listener_manager.lds.update_rejected'])
      expect(await client.stat(refused), refused).toBe(0);
    for (const odd of [
      'server.dynamic_unknown_fields',
      'server.static_unknown_fields',
      'runtime.deprecated_feature_use',
    ])
      expect(await client.stat(odd), odd).toBe(0);
    expect(await client.stat('listener_manager.lds.update_success')).toBeGreaterThan(0);
    expect(client.log()).toBe('');
  });
});
