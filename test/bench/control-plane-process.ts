/** `isthmus run` as a process of its own, and what the kernel says that it costs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { cpuMicroseconds, peakRssBytes, rssBytes } from './process-costs.ts';

const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');

export interface ControlPlaneProcess {
  readonly xds: string;
  /** Milliseconds of performance.now() at which the process was started. */
  readonly startedAt: number;
  rssBytes(): number;
  /** The most that it was. */
  peakRssBytes(): number;
  /** User and system time in microseconds; the kernel counts in hundredths of a second. */
  cpuMicroseconds(): number;
  /** What its heap holds after a collection, in bytes. */
  heapBytes(): Promise<number>;
  stop(): Promise<void>;
  /** As a crash does: without a chance to give anything up. */
  kill(): Promise<void>;
}

/** On files. Resolves when it serves. Rejects with its log when it ends before that. `more`: further options of `isthmus run`. */
export async function startControlPlaneProcess(
  manifests: string,
  state: string,
  more: readonly string[] = [],
): Promise<ControlPlaneProcess> {
  return startControlPlane(['-f', manifests, '--state', state, ...more]);
}

/** `options`: of `isthmus run`, but for the addresses. */
export async function startControlPlane(options: readonly string[]): Promise<ControlPlaneProcess> {
  const startedAt = performance.now();
  const parameters = ['run', '--xds', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--log-format', 'json', ...options];
  const child = spawn(process.execPath, [...collectable, program, ...parameters], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const { xds, admin } = await servingAddresses(child);
  const { pid = 0 } = child;
  return {
    xds,
    startedAt,
    rssBytes: () => rssBytes(pid),
    peakRssBytes: () => peakRssBytes(pid),
    cpuMicroseconds: () => cpuMicroseconds(pid),
    heapBytes: async () => {
      const heap = async (): Promise<number> => {
        const metrics = await (await fetch(`http://${admin}/metrics`)).text();
        return Number(/^isthmus_nodejs_heap_size_used_bytes (\d+)$/m.exec(metrics)?.[1]);
      };
      // The signal is heard after an answer that was under way, and before the next one.
      await heap();
      child.kill('SIGUSR2');
      await heap();
      return heap();
    },
    stop: async () => end(child, 'SIGTERM'),
    kill: async () => end(child, 'SIGKILL'),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** Lets a signal collect the whole heap: what grows between collections is no leak. */
const collectable = ['--expose-gc', '--import', 'data:text/javascript,process.on("SIGUSR2", () => gc())'];

/** From the line in which the log says that it serves; the log is read to its end, so that it never fills up. */
async function servingAddresses(child: ChildProcess): Promise<{ readonly xds: string; readonly admin: string }> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      if (log.length > 1_000_000) return;
      log += String(chunk);
      const [, xds, admin] = /"xds":"([^"]+)","admin":"([^"]+)"/.exec(log) ?? [];
      if (xds !== undefined && admin !== undefined) resolve({ xds, admin });
    });
    child.once('exit', () => reject(new Error(`isthmus ended before it served:\n${log}`)));
  });
}
