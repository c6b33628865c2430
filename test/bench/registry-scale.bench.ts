/**
 * A large registry, a real etcd: how long its first sync takes beside reading it without us, what a changed instance costs,
 * and whether memory stays flat while it changes all the time. Prints JSON when run:
 * `node test/bench/registry-scale.bench.ts [services] [instances] [seconds]`.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdServer } from '../peers/etcd/etcd-server.ts';
import { type ControlPlaneProcess, startControlPlaneProcess } from './control-plane-process.ts';
import { clusterType, DeltaClient, endpointType } from './delta-client.ts';

export interface RegistryScaleOptions {
  readonly services: number;
  /** Of each service. */
  readonly instances: number;
  /** Of churn. */
  readonly seconds: number;
  readonly changesPerSecond: number;
}

export interface RegistryScaleFigures extends RegistryScaleOptions {
  /** Milliseconds to read all keys from the server, page by page, and to throw them away. */
  readonly serverMs: number;
  /** Milliseconds from the start of the program until it serves all. */
  readonly firstSyncMs: number;
  readonly rssMb: {
    readonly afterSync: number;
    readonly beforeChurn: number;
    readonly afterChurn: number;
    readonly most: number;
  };
  /** Resources sent for one changed instance. */
  readonly resourcesPerChange: number;
  /** Responses with resources during the churn, and the changes that were written. */
  readonly churn: { readonly written: number; readonly resources: number; readonly cpuPercent: number };
  /** Bytes that the heap holds after a collection: a third into the churn, and at its end. */
  readonly heapBytes: { readonly early: number; readonly late: number };
}

const key = (service: number, instance: number): string => `/bench/service-${service}/${instance}`;
const value = (service: number, instance: number, weight: number): string =>
  JSON.stringify({ address: `10.${service >> 8}.${service & 255}.${instance + 1}:9090`, protocol: 'grpc', weight });

export async function benchRegistryScale(options: RegistryScaleOptions): Promise<RegistryScaleFigures> {
  const server = await EtcdServer.start();
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-bench-'));
  try {
    for (let service = 0; service < options.services; service++)
      await server.putAll(
        Array.from({ length: options.instances }, (_, at) => [key(service, at), value(service, at, 100)]),
      );
    const serverMs = await readAll(server);
    const manifests = path.join(folder, 'manifests');
    await mkdir(manifests);
    await writeFile(path.join(manifests, 'registry.json'), JSON.stringify(manifestOf(server)));
    const control = await startControlPlaneProcess(manifests, path.join(folder, 'state'));
    try {
      const firstSyncMs = Math.round(performance.now() - control.startedAt);
      return { ...options, serverMs, firstSyncMs, ...(await measure(server, control, options)) };
    } finally {
      await control.stop();
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function manifestOf(server: EtcdServer) {
  return {
    apiVersion: 'isthmus.dev/v1alpha1',
    kind: 'ServiceRegistry',
    metadata: { name: 'bench' },
    spec: {
      type: 'Etcd',
      addresses: server.addresses,
      options: { prefix: '/bench' },
      trust: { maxServices: 100_000 },
    },
  };
}

/** What the server itself needs to say everything. */
async function readAll(server: EtcdServer): Promise<number> {
  const start = performance.now();
  let from = '/bench/';
  for (;;) {
    const response = await fetch(`http://${server.addresses[0]}/v3/kv/range`, {
      method: 'POST',
      body: JSON.stringify({ key: btoa(from), range_end: btoa('/bench0'), limit: '10000' }),
    });
    const page: { readonly kvs?: readonly { readonly key: string }[]; readonly more?: boolean } = JSON.parse(
      await response.text(),
    );
    if (page.more !== true) return Math.round(performance.now() - start);
    from = `${atob(page.kvs?.at(-1)?.key ?? '')}\0`;
  }
}

async function measure(server: EtcdServer, control: ControlPlaneProcess, options: RegistryScaleOptions) {
  const megabytes = (): number => Math.round(control.rssBytes() / 2 ** 20);
  const afterSync = megabytes();
  const client = new DeltaClient(control.xds);
  try {
    const names = await clusterNames(client, options.services);
    await subscribeAll(client, names);
    const resourcesPerChange = await countForOneChange(server, client);
    const beforeChurn = megabytes();
    const churn = await churnFor(server, client, control, options, megabytes);
    return {
      rssMb: { afterSync, beforeChurn, afterChurn: megabytes(), most: churn.most },
      resourcesPerChange,
      churn: { written: churn.written, resources: churn.resources, cpuPercent: churn.cpuPercent },
      heapBytes: churn.heapBytes,
    };
  } finally {
    client.close();
  }
}

async function clusterNames(client: DeltaClient, count: number): Promise<readonly string[]> {
  client.subscribe(clusterType, []);
  const names = new Set<string>();
  while (names.size < count) for (const { name } of (await client.next()).resources ?? []) names.add(name ?? '');
  return [...names];
}

async function subscribeAll(client: DeltaClient, names: readonly string[]): Promise<void> {
  client.subscribe(endpointType, names);
  const seen = new Set<string>();
  while (seen.size < names.length) for (const { name } of (await client.next()).resources ?? []) seen.add(name ?? '');
}

async function countForOneChange(server: EtcdServer, client: DeltaClient): Promise<number> {
  await server.put(key(0, 0), value(0, 0, 7));
  const first = await client.next();
  // Whatever else came of it would follow at once.
  const counted = { resources: first.resources?.length ?? 0 };
  const more = client.next().then((response) => (counted.resources += response.resources?.length ?? 0));
  await Promise.race([more, sleep(1000)]);
  await server.put(key(0, 0), value(0, 0, 9));
  await more;
  return counted.resources - 1;
}

async function churnFor(
  server: EtcdServer,
  client: DeltaClient,
  control: ControlPlaneProcess,
  { services, instances, seconds, changesPerSecond }: RegistryScaleOptions,
  megabytes: () => number,
) {
  const start = performance.now();
  const cpu = control.cpuMicroseconds();
  let [written, resources, most, early] = [0, 0, 0, 0];
  let isOver = false;
  const receiving = (async () => {
    while (!isOver) resources += (await client.next()).resources?.length ?? 0;
  })();
  while (performance.now() - start < seconds * 1000) {
    const due = ((performance.now() - start) / 1000) * changesPerSecond;
    for (; written < due; written++) {
      const [service, instance] = [(written * 7919) % services, written % instances];
      await server.put(key(service, instance), value(service, instance, 1 + ((written * 31) % 97)));
    }
    most = Math.max(most, megabytes());
    if (early === 0 && performance.now() - start > (seconds * 1000) / 3) early = await control.heapBytes();
    await sleep(10);
  }
  const elapsed = performance.now() - start;
  const cpuPercent = Math.round((control.cpuMicroseconds() - cpu) / 10 / elapsed);
  isOver = true;
  await server.put(key(0, 0), value(0, 0, 98));
  await receiving;
  return { written, resources, most, cpuPercent, heapBytes: { early, late: await control.heapBytes() } };
}

if (import.meta.main) {
  const [services = 10_000, instances = 10, seconds = 180] = process.argv.slice(2).map(Number);
  const figures = await benchRegistryScale({ services, instances, seconds, changesPerSecond: 100 });
  console.log(JSON.stringify(figures, undefined, 2));
}
