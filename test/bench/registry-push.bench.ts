/**
 * An instance changes in a registry that pushes: how long until the last of many proxies has acknowledged it, and how much
 * of that is the registry's own, by a watcher beside. `isthmus run` as its users run it, proxies in a process of their own.
 * Prints JSON when run: `node test/bench/registry-push.bench.ts [proxies]`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startControlPlaneProcess } from './control-plane-process.ts';
import { clusterType, DeltaClient } from './delta-client.ts';
import { type PushingRegistry, type RegistryShape, startEtcd } from './pushing-registry.ts';

export interface RegistryPushOptions extends RegistryShape {
  readonly proxies: number;
  readonly changes: number;
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

/** Milliseconds since the write, and `beyondMs` since the registry told its own watcher. */
export interface RegistryPushFigures extends RegistryPushOptions {
  readonly registry: string;
  readonly notifiedMs: Quantiles;
  readonly acknowledgedMs: Quantiles;
  readonly beyondMs: Quantiles;
  readonly rssMb: number;
}

const warmUp = 20;

export async function benchRegistryPush(options: RegistryPushOptions): Promise<RegistryPushFigures> {
  const registry = await startEtcd(options);
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-bench-'));
  const manifests = path.join(folder, 'manifests');
  await mkdir(manifests);
  const manifest = {
    apiVersion: 'isthmus.dev/v1alpha1',
    kind: 'ServiceRegistry',
    metadata: { name: 'bench' },
    spec: registry.spec,
  };
  await writeFile(path.join(manifests, 'registry.json'), JSON.stringify(manifest));
  const control = await startControlPlaneProcess(manifests, path.join(folder, 'state'));
  const proxies = new Proxies();
  try {
    const cluster = await clusterOf(control.xds, options.services);
    await proxies.connect(control.xds, options.proxies, cluster);
    const figures = await measure(registry, proxies, options.changes);
    return { registry: 'etcd', ...options, ...figures, rssMb: Math.round(control.rssBytes() / 2 ** 20) };
  } finally {
    await proxies.close();
    await control.stop();
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(registry: PushingRegistry, proxies: Proxies, changes: number) {
  const notified: number[] = [];
  const acknowledged: number[] = [];
  const beyond: number[] = [];
  for (let round = 0; round < warmUp + changes; round++) {
    const all = proxies.acknowledged();
    const start = performance.now();
    const [told, done] = await Promise.all([registry.change(), all]);
    if (round < warmUp) continue;
    notified.push(told - start);
    acknowledged.push(done - start);
    beyond.push(done - told);
  }
  return { notifiedMs: quantiles(notified), acknowledgedMs: quantiles(acknowledged), beyondMs: quantiles(beyond) };
}

/** Name of the cluster of `service-0`. */
async function clusterOf(xds: string, services: number): Promise<string> {
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
class Proxies {
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

function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(2));
  return { p50: at(0.5), p99: at(0.99) };
}

if (import.meta.main) {
  const proxies = Number(process.argv[2] ?? 1000);
  const figures = await benchRegistryPush({ services: 1_000, instances: 10, proxies, changes: 200 });
  console.log(JSON.stringify(figures, undefined, 2));
}
