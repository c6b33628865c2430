/** The proxies that are measured against each other: metaproxy, Envoy's thrift_proxy and generic_proxy, haproxy in TCP mode. */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootstrap, listener } from '../e2e/proxy-bootstraps.ts';
import { envoyBootstrap, genericDubboFilter, thriftFilter } from './envoy-bootstraps.ts';
import type { BenchProtocol } from './proxy-frames.ts';

export interface Subject {
  readonly name: string;
  readonly port: number;
  /** CPU seconds used so far. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

const CLOCK_TICKS = 100;

/**
 * Keeps a process on one core, where there is `taskset` and more than one core: the proxy on the first, its load and
 * its server on the second, so that neither takes the other's time.
 */
export function pin(child: ChildProcess, core: 0 | 1): void {
  if (availableParallelism() < 2 || child.pid === undefined) return;
  spawnSync('taskset', ['-acp', String(core), String(child.pid)], { stdio: 'ignore' });
}

function subject(name: string, port: number, child: ChildProcess): Subject {
  return {
    name,
    port,
    cpuSeconds: () => cpuSeconds(child.pid ?? 0),
    stop: async () => {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** utime and stime of /proc/<pid>/stat, the 14th and 15th field; the second field may hold spaces. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

export async function startEcho(protocol: BenchProtocol): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const child = fork(path.join(import.meta.dirname, 'proxy-echo.ts'), [protocol]);
  const [port] = await once(child, 'message');
  pin(child, 1);
  return { port: Number(port), stop: subject('echo', Number(port), child).stop };
}

export async function startMetaproxySubject(
  protocol: Readonly<Record<string, unknown>>,
  port: number,
  upstream: number,
  match?: Readonly<Record<string, unknown>>,
): Promise<Subject> {
  const child = fork(path.join(import.meta.dirname, 'proxy-subject.ts'));
  const routes = [{ name: 'default', ...(match === undefined ? {} : { match }), route: { cluster: 'echo' } }];
  child.send(Object(bootstrap([listener({ protocol, routes, port })], [{ name: 'echo', ports: [upstream] }])));
  await once(child, 'message');
  pin(child, 0);
  return subject('metaproxy', port, child);
}

export async function startHaproxy(command: string, port: number, upstream: number): Promise<Subject> {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'isthmus-bench-')), 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen bench
  bind 127.0.0.1:${port}
  server echo 127.0.0.1:${upstream}
`,
  );
  return untilAccepting('haproxy', port, spawn(command, ['-db', '-f', file], { stdio: 'ignore' }));
}

export async function startThriftProxy(command: string, port: number, upstream: number): Promise<Subject> {
  return startEnvoy('thrift_proxy', command, port, envoyBootstrap(port, upstream, thriftFilter));
}

export async function startGenericProxy(command: string, port: number, upstream: number): Promise<Subject> {
  return startEnvoy('generic_proxy', command, port, envoyBootstrap(port, upstream, genericDubboFilter));
}

async function startEnvoy(name: string, command: string, port: number, config: unknown): Promise<Subject> {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'isthmus-bench-')), 'envoy.json');
  writeFileSync(file, JSON.stringify(config));
  const options = ['-c', file, '--concurrency', '1', '--disable-hot-restart', '-l', 'error'];
  return untilAccepting(name, port, spawn(command, options, { stdio: 'ignore' }));
}

async function untilAccepting(name: string, port: number, child: ChildProcess): Promise<Subject> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    if (await accepts(port)) {
      pin(child, 0);
      return subject(name, port, child);
    }
    await sleep(25);
  }
  child.kill('SIGKILL');
  throw new Error(`${name} does not accept connections on port ${port}`);
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
