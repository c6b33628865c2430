/**
 * An instance changes in a registry that pushes: how long until the last of many proxies has acknowledged it, and how much
 * of that is the registry's own, by a watcher beside. `isthmus run` as its users run it, proxies in a process of their own.
 * Prints JSON for each registry when run: `node test/bench/registry-push.bench.ts [proxies] [registry...]`; without names
 * it takes all that are installed, one after the other.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPeer } from '../peers/peers.ts';
import { clusterOf, Proxies, type Quantiles, quantiles } from './acknowledging-proxies.ts';
import { startControlPlaneProcess } from './control-plane-process.ts';
import { startConsul } from './pushing-consul.ts';
import { startEtcd } from './pushing-etcd.ts';
import { startNacos } from './pushing-nacos.ts';
import type { PushingRegistry, RegistryShape } from './pushing-registry.ts';
import { startZooKeeper } from './pushing-zookeeper.ts';

export type PushingName = 'consul' | 'etcd' | 'nacos' | 'zookeeper';

export interface RegistryPushOptions extends RegistryShape {
  readonly proxies: number;
  readonly changes: number;
}

/** Milliseconds since the write, and `beyondMs` since the registry told its own watcher. */
export interface RegistryPushFigures extends RegistryPushOptions {
  readonly registry: PushingName;
  /** What `notifiedMs` was taken from. */
  readonly notified: string;
  readonly notifiedMs: Quantiles;
  readonly acknowledgedMs: Quantiles;
  readonly beyondMs: Quantiles;
  readonly rssMb: number;
}

const starts: Readonly<Record<PushingName, (shape: RegistryShape) => Promise<PushingRegistry>>> = {
  consul: startConsul,
  etcd: startEtcd,
  nacos: startNacos,
  zookeeper: startZooKeeper,
};

const longestWarmUp = 20;

export async function benchRegistryPush(name: PushingName, options: RegistryPushOptions): Promise<RegistryPushFigures> {
  const registry = await starts[name](options);
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
    const { notified } = registry;
    return { registry: name, ...options, notified, ...figures, rssMb: Math.round(control.rssBytes() / 2 ** 20) };
  } finally {
    await proxies.close();
    await control.stop();
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(registry: PushingRegistry, proxies: Proxies, changes: number) {
  const warmUp = Math.min(longestWarmUp, changes);
  const notified: number[] = [];
  const acknowledged: number[] = [];
  const beyond: number[] = [];
  for (let round = 0; round < warmUp + changes; round++) {
    if (registry.restMs !== undefined) await sleep(registry.restMs);
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

function isPushing(name: string): name is PushingName {
  return Object.hasOwn(starts, name);
}

if (import.meta.main) {
  const [proxies = '1000', ...named] = process.argv.slice(2);
  const options = { services: 1_000, instances: 10, proxies: Number(proxies), changes: 200 };
  for (const name of named.length > 0 ? named : Object.keys(starts)) {
    if (!isPushing(name)) throw new Error(`${name}: none of ${Object.keys(starts).join(', ')}`);
    if (findPeer(name) === undefined) console.error(`${name} is not installed`);
    else console.log(JSON.stringify(await benchRegistryPush(name, options), undefined, 2));
  }
}
