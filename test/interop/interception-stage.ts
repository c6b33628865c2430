/**
 * What test/interop/interception.test.ts runs inside a network namespace of its own: the mesh of examples/interception,
 * servers behind it, and programs that know nothing of it. Prints one JSON object with what they met.
 */
import { execFile, spawn } from 'node:child_process';
import { resolve4, resolve6 } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { DubboProvider, dubboPeer } from '../peers/dubbo/dubbo-peer.ts';
import { classPath } from '../peers/java-peer.ts';
import { DeskClient, startDeskServers } from './python-peer.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const program = path.join(root, 'dist/isthmus.mjs');
const intercept = path.join(root, 'examples/interception/intercept.sh');
const python = process.argv[2] ?? '';
const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-interception-'));

/** A program that says "ready" in its own way; killed at the end. */
async function start(parameters: readonly string[], url: string): Promise<void> {
  const child = spawn(process.execPath, [program, ...parameters], { stdio: ['ignore', 'ignore', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`isthmus ${parameters[0]} ended with ${code}`);
  });
  failed.catch(() => {});
  while (!(await isReady(url))) await Promise.race([failed, new Promise((done) => setTimeout(done, 20))]);
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** Says its name to whoever connects, and hangs up. */
async function startClock(name: string, port: number): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => {}).end(`${name}\n`));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

/** By Python's own socket module: resolve, connect, read to the end. */
async function dial(host: string, port: number): Promise<string> {
  const script =
    'import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10); s.settimeout(10); print(s.getpeername()[0], s.recv(100).decode().strip())';
  const { stdout } = await run(python, ['-c', script, host, String(port)]);
  return stdout.trim();
}

/** Dubbo's consumer as it is: the name is resolved by Java, as the system says. */
async function callEcho(host: string, attachments: readonly string[]): Promise<string> {
  const options = attachments.flatMap((pair) => ['--attachment', pair]);
  const java = [
    '-Xmx160m',
    '-XX:TieredStopAtLevel=1',
    `-Duser.home=${folder}`,
    '-cp',
    classPath(dubboPeer.find() ?? ''),
  ];
  const { stdout } = await run('java', [...java, 'Consumer', '--url', `dubbo://${host}:20880`, ...options, 'who']);
  return stdout.split('\n').find((line) => /^[=!] /.test(line)) ?? '';
}

const echoManifest = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: echo, namespace: shop }
spec:
  hosts: [echo.shop.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 20880, name: tcp-metaprotocol-dubbo }]
  endpoints:
    - { address: 127.0.0.1, ports: { tcp-metaprotocol-dubbo: 19095 }, labels: { version: v1 } }
    - { address: 127.0.0.1, ports: { tcp-metaprotocol-dubbo: 19096 }, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo, namespace: shop }
spec:
  host: echo.shop.mesh
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
---
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: echo, namespace: shop }
spec:
  hosts: [echo.shop.mesh]
  routes:
    - match: { attributes: { interface: { exact: Echo }, tag: { exact: canary } } }
      route: [{ destination: { host: echo.shop.mesh, subset: v2 } }]
    - route: [{ destination: { host: echo.shop.mesh, subset: v1 } }]
`;

const flavour = 'framed-binary';
const before = (await run('sh', [intercept, 'status'])).stdout;
const up = (await run('sh', [intercept, 'up'])).stdout;
const servers = await startDeskServers(python, [
  { flavour, version: 'v1', port: 19_091 },
  { flavour, version: 'v2', port: 19_092 },
]);
const providers = await Promise.all([
  DubboProvider.start({ protocols: { dubbo: 19_095 }, name: 'v1' }),
  DubboProvider.start({ protocols: { dubbo: 19_096 }, name: 'v2' }),
]);
await startClock('one', 19_093);
await startClock('two', 19_094);
writeFileSync(path.join(folder, 'echo.yaml'), echoManifest);
const control = [
  'run',
  '-f',
  path.join(root, 'examples/interception/manifests'),
  path.join(folder, 'echo.yaml'),
  '--state',
  path.join(folder, 'state'),
];
await start([...control, '--dns', '127.0.0.1:53', '--log-level', 'error'], 'http://127.0.0.1:15014/readyz');
const proxy = [
  'proxy',
  '--xds',
  '127.0.0.1:15010',
  '--node',
  'client-1',
  '--namespace',
  'shop',
  '--log-level',
  'error',
];
await start([...proxy, '--admin', '127.0.0.1:15001'], 'http://127.0.0.1:15001/ready');

const client = new DeskClient(python);
const calls = [
  ['greet', 'Ada'],
  ['greetBeta', 'Ada'],
  ['greet', 'Bob'],
] as const;
const thrift = await client.session({ flavour, host: 'desk.shop.mesh', port: 9090, calls });
await client.stop();
const clocks: string[] = [];
for (let turn = 0; turn < 20; turn++) clocks.push(await dial('clock.shop.mesh', 9090));
const families = [await resolve4('clock.shop.mesh'), await resolve6('clock.shop.mesh')].flat();
const byFamily = await Promise.all(families.map(async (address) => dial(address, 9090)));
const dubbo = [await callEcho('echo.shop.mesh', []), await callEcho('echo.shop.mesh', ['tag=canary'])];
await Promise.all(providers.map(async (provider) => provider.kill()));
await servers.stop();
const down = (await run('sh', [intercept, 'down'])).stdout;
const after = (await run('sh', [intercept, 'status'])).stdout;
const nat = (await run('sh', ['-c', 'cat /proc/net/ip_tables_names 2>/dev/null || true'])).stdout;
console.log(JSON.stringify({ before, up, thrift, dubbo, clocks, byFamily, down, after, nat }));
rmSync(folder, { recursive: true, force: true });
process.exit(0);
