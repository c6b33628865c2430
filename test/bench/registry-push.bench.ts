/**
 * An instance changes in a registry that pushes: how long until the last of many proxies has acknowledged it, and how much
 * of that is the registry's own, by a watcher beside. `isthmus run` as its users run it, proxies in a process of their own.
 * Prints JSON when run: `node test/bench/registry-push.bench.ts [proxies]`.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clusterOf, Proxies, type Quantiles, quantiles } from './acknowledging-proxies.ts';
import { startControlPlaneProcess } from './control-plane-process.ts';
import { type PushingRegistry, type RegistryShape, startEtcd } from './pushing-registry.ts';

export interface RegistryPushOptions extends RegistryShape {
  readonly proxies: number;
  readonly changes: number;
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

if (import.meta.main) {
  const proxies = Number(process.argv[2] ?? 1000);
  const figures = await benchRegistryPush({ services: 1_000, instances: 10, proxies, changes: 200 });
  console.log(JSON.stringify(figures, undefined, 2));
}
