/** Many proxies that acknowledge what they get of one service, for benches of registries; and what becomes of the times. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { clusterType, DeltaClient } from './delta-client.ts';

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

/** Name of the cluster of `service-0`. */
export async function clusterOf(xds: string, services: number): Promise<string> {
  const client = new DeltaClient(xds);
  client.subscribe(clusterType, []);
  const names = new Set<string>();
  while (names.size < services) for (const { name } of (await client.next()).resources ?? []) names.add(name ?? '');
  client.close();
  const found = [...names].find((name) => name.includes('service-0.'));
  if (found === undefined) throw new Error(`no cluster of service-0 among ${names.size}`);
  return found;
}

/** Many delta streams in a process of their own. */
export class Proxies {
  #process: ChildProcess | undefined;
  #waiting: (() => void) | undefined;

  async connect(xds: string, count: number, cluster: string): Promise<void> {
    const program = path.join(import.meta.dirname, 'xds-fanout-client.ts');
    const node = path.resolve(import.meta.dirname, '../../node_modules/.bin/node');
    const port = xds.slice(xds.lastIndexOf(':') + 1);
    const served = this.acknowledged();
    this.#process = spawn(node, [program, port, String(count), String(count), cluster], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#process.stdout?.on('data', () => this.#waiting?.());
    await served;
  }

  /** Resolves at the time at which all of them have acknowledged once more. */
  async acknowledged(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#waiting = resolve;
    });
    return performance.now();
  }

  async close(): Promise<void> {
    if (this.#process === undefined) return;
    const gone = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await gone;
  }
}

export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(2));
  return { p50: at(0.5), p99: at(0.99) };
}
