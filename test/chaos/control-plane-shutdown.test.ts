/** `isthmus run` ends when it is told to, whatever its peers do with their connections. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');
const manifests = path.resolve(import.meta.dirname, '../../examples/quickstart/manifests');
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const settings = '\0\0\0\u0004\0\0\0\0\0';

let folder: string;
let child: ChildProcess;
let socket: Socket | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isthmus-shutdown-'));
});

afterEach(async () => {
  socket?.destroy();
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  await rm(folder, { recursive: true, force: true });
});

/** Resolves with the ports of xDS and of the admin address once it serves. */
async function start(): Promise<{ readonly xds: number; readonly admin: number }> {
  const places = ['--state', path.join(folder, 'state'), '--xds', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
  child = spawn(process.execPath, [program, 'run', '-f', manifests, ...places, '--log-format', 'json'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  for await (const chunk of child.stderr ?? []) {
    log += String(chunk);
    if (log.includes('"msg":"serving"')) break;
  }
  child.stderr?.resume();
  const port = (name: string) => Number(new RegExp(`"${name}":"127\\.0\\.0\\.1:(\\d+)"`).exec(log)?.[1]);
  return { xds: port('xds'), admin: port('admin') };
}

it.each([
  ['an xDS peer that says nothing', 'xds', ''],
  ['an xDS peer that stops in the middle of its greeting', 'xds', preface.slice(0, 5)],
  ['an xDS peer that greets and then never reads', 'xds', preface + settings],
  ['an admin client that asks half a question', 'admin', 'GET /healthz HTTP/1.1\r\n'],
] as const)(
  'with %s',
  async (_, server, bytes) => {
    const ports = await start();
    socket = connect({ port: ports[server], host: '127.0.0.1' });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.pause();
    socket.write(bytes, 'latin1');
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  },
  20_000,
);
