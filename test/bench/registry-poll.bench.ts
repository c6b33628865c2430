/**
 * Polaris, which is polled: how long after a change is visible at a real server the last of many proxies has acknowledged
 * it, and what polling costs where nothing changes, with few services there and with many at a stand-in. `isthmus run` as
 * its users run it, proxies and servers in processes of their own. Prints JSON when run: `node test/bench/registry-poll.bench.ts [proxies] [services]`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectDiscover } from '../../src/sources/registries/polaris/discover-addresses.ts';
import { readInstances } from '../../src/sources/registries/polaris/service-reading.ts';
import { PolarisServer } from '../peers/polaris/polaris-server.ts';
import { clusterOf, Proxies, type Quantiles, quantiles } from './acknowledging-proxies.ts';
import { type ControlPlaneProcess, startControlPlaneProcess } from './control-plane-process.ts';

export interface RegistryPollOptions {
  readonly proxies: number;
  readonly changes: number;
  /** Of the real server. */
  readonly few: number;
  /** Of the stand-in: a real one takes minutes to register so many. */
  readonly many: number;
  /** Of each of the few services, at least 2: weights are sent as their proportions. */
  readonly instances: number;
  /** Seconds in which nothing changes. */
  readonly idle: number;
}

export interface RegistryPollFigures extends RegistryPollOptions {
  readonly registry: string;
  /** Milliseconds from the time at which the server showed the change to the last acknowledgement. */
  readonly visibleToAcknowledgedMs: Quantiles;
  /** Percent of one core, while nothing changes. */
  readonly idleCpuPercent: { readonly few: number; readonly many: number };
  readonly rssMb: number;
}

const instanceAt = (service: number, at: number, weight: number) => ({
  service: `service-${service}`,
  namespace: 'Bench',
  host: `10.${service >> 8}.${service & 255}.${at + 1}`,
  port: 9090,
  protocol: 'grpc',
  weight,
});

export async function benchRegistryPoll(options: RegistryPollOptions): Promise<RegistryPollFigures> {
  const { visibleToAcknowledgedMs, few } = await withRealServer(options);
  const { many, rssMb } = await withCrowd(options);
  return { registry: 'polaris', ...options, visibleToAcknowledgedMs, idleCpuPercent: { few, many }, rssMb };
}

async function withRealServer({ few, instances, proxies: count, changes, idle }: RegistryPollOptions) {
  const server = await PolarisServer.start();
  try {
    await register(server, few, instances);
    return await withControlPlane(server.address, async (control) => {
      const cluster = await clusterOf(control.xds, few);
      const proxies = new Proxies();
      try {
        await proxies.connect(control.xds, count, cluster);
        const visibleToAcknowledgedMs = await timeChanges(server, proxies, changes);
        return { visibleToAcknowledgedMs, few: await idleCpu(control, idle) };
      } finally {
        await proxies.close();
      }
    });
  } finally {
    await server.stop();
  }
}

async function withCrowd({ many, idle }: RegistryPollOptions) {
  const program = path.join(import.meta.dirname, 'polaris-crowd.ts');
  const crowd = spawn(process.execPath, [program, String(many)], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [port] = await once(crowd.stdout, 'data');
    return await withControlPlane(`127.0.0.1:${String(port).trim()}`, async (control) => {
      await clusterOf(control.xds, many);
      await sleep(Math.min(settleMs, idle * 1000));
      return { many: await idleCpu(control, idle), rssMb: Math.round(control.rssBytes() / 2 ** 20) };
    });
  } finally {
    const gone = once(crowd, 'exit');
    crowd.stdin.end();
    await gone;
  }
}

/** What follows the first sync: records, and collections of garbage. */
const settleMs = 5_000;
/** The server writes what comes together in one batch, which it waits for. */
const together = 64;

async function register(server: PolarisServer, services: number, instances: number): Promise<void> {
  const all = Array.from({ length: services * instances }, (_, n) =>
    instanceAt(Math.floor(n / instances), n % instances, 100),
  ).values();
  const worker = async (): Promise<void> => {
    for (const one of all) await server.register(one);
  };
  await Promise.all(Array.from({ length: together }, worker));
}

async function withControlPlane<T>(address: string, use: (control: ControlPlaneProcess) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-bench-'));
  const manifests = path.join(folder, 'manifests');
  await mkdir(manifests);
  const manifest = {
    apiVersion: 'isthmus.dev/v1alpha1',
    kind: 'ServiceRegistry',
    metadata: { name: 'bench' },
    spec: { type: 'Polaris', addresses: [address], select: { namespaces: ['Bench'] } },
  };
  await writeFile(path.join(manifests, 'registry.json'), JSON.stringify(manifest));
  const control = await startControlPlaneProcess(manifests, path.join(folder, 'state'));
  try {
    return await use(control);
  } finally {
    await control.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timeChanges(server: PolarisServer, proxies: Proxies, changes: number): Promise<Quantiles> {
  const times: number[] = [];
  for (let round = 0; round < changes; round++) {
    const acknowledged = proxies.acknowledged();
    await server.register(instanceAt(0, 0, 101 + round));
    const visible = await untilVisible(server, 101 + round);
    times.push((await acknowledged) - visible);
  }
  return quantiles(times);
}

/** The time at which the server shows the weight, to somebody who asks all the time. */
async function untilVisible(server: PolarisServer, weight: number): Promise<number> {
  const connection = connectDiscover(server.address, undefined, {});
  try {
    for (let revision = ''; ; ) {
      const read = await readInstances(connection, 'Bench', 'service-0', revision);
      if (read?.instances.some((one) => one.weight === weight)) return performance.now();
      revision = read?.revision ?? revision;
      await sleep(2);
    }
  } finally {
    connection.close();
  }
}

async function idleCpu(control: ControlPlaneProcess, seconds: number): Promise<number> {
  const cpu = control.cpuMicroseconds();
  const start = performance.now();
  await sleep(seconds * 1000);
  const percent = (control.cpuMicroseconds() - cpu) / 10 / (performance.now() - start);
  return Math.round(percent * 100) / 100;
}

if (import.meta.main) {
  const [proxies = 1_000, many = 10_000] = process.argv.slice(2).map(Number);
  const figures = await benchRegistryPoll({ proxies, changes: 20, few: 100, many, instances: 10, idle: 30 });
  console.log(JSON.stringify(figures, undefined, 2));
}
