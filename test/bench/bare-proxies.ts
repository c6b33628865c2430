/**
 * Many proxies that acknowledge what they get of one cluster, at next to no cost: in place of Envoys, which run on other machines than
 * the control plane. A Go program of two files (bare-proxies/) on sockets of its own; it reads each response whole.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { cacheFolder } from '../peers/cache.ts';

/** Of one response to each proxy, in milliseconds of the machine's monotonic clock. */
export interface RoundOfResponses {
  readonly firstReceivedAt: number;
  readonly lastAcknowledgedAt: number;
  /** CPU time of all proxies since they were started. */
  readonly cpuMs: number;
}

/** The clock of the rounds. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class BareProxies {
  #process: ChildProcess | undefined;
  #waiting: PromiseWithResolvers<RoundOfResponses> | undefined;

  /** Resolves when each of them has been answered once. Rejects where there is no Go. */
  async connect(xds: string, count: number, cluster: string): Promise<void> {
    const port = xds.slice(xds.lastIndexOf(':') + 1);
    const child = spawn(built(), [port, String(count), cluster], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.#waiting?.resolve(roundOf(line)));
    child.once('exit', () => this.#waiting?.reject(new Error('the proxies ended; the line before says why')));
    await this.acknowledged();
  }

  /** The next round, once all of them have acknowledged once more. Rejects when they end before, as when the server ends a stream. */
  acknowledged(): Promise<RoundOfResponses> {
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  async close(): Promise<void> {
    const running = this.#process;
    this.#waiting = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const gone = once(running, 'exit');
    running.stdin?.end();
    await gone;
  }
}

function built(): string {
  const source = path.join(import.meta.dirname, 'bare-proxies');
  const files = ['go.mod', 'main.go', 'proxy.go'].map((file) => path.join(source, file));
  const program = path.join(cacheFolder('bare-proxies', ...files), 'bare-proxies');
  execFileSync('go', ['build', '-trimpath', '-buildvcs=false', '-o', program, '.'], { cwd: source });
  return program;
}

function roundOf(line: string): RoundOfResponses {
  const [first = 0, last = 0, cpu = 0] = line.split(' ').map((nanoseconds) => Number(nanoseconds) / 1e6);
  return { firstReceivedAt: first, lastAcknowledgedAt: last, cpuMs: cpu };
}
