/**
 * The control plane as its users run it, from files to one delta client: start to everything served, memory once served,
 * and one endpoint changed in one file to its acknowledgement; with many services, and with few.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ControlPlaneProcess, startControlPlaneProcess } from './control-plane-process.ts';
import { clusterType, DeltaClient, endpointType } from './delta-client.ts';
import { type ServiceEntryFiles, serviceEntryFile, writeServiceEntryFiles } from './service-entry-files.ts';

interface Figures {
  readonly services: number;
  readonly endpoints: number;
  readonly startToServedMs: number;
  readonly rssMb: number;
  readonly changeMs: { readonly p50: number; readonly p90: number; readonly p99: number };
  /** CPU time of the control plane for one change, in microseconds. */
  readonly changeCpuUs: number;
}

async function measure(shape: ServiceEntryFiles, changes: number): Promise<Figures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-bench-'));
  const manifests = path.join(folder, 'manifests');
  const files = await writeServiceEntryFiles(manifests, shape);
  const services = shape.files * shape.entriesPerFile;
  const control = await startControlPlaneProcess(manifests, path.join(folder, 'state'));
  const client = new DeltaClient(control.xds);
  try {
    await receiveAll(client, services);
    const startToServedMs = performance.now() - control.startedAt;
    const rssMb = control.rssBytes() / 2 ** 20;
    return {
      services,
      endpoints: services * shape.endpointsPerEntry,
      startToServedMs: Math.round(startToServedMs),
      rssMb: Math.round(rssMb),
      ...(await measureChanges(client, control, files, shape, changes)),
    };
  } finally {
    client.close();
    await control.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All clusters, then the endpoints of each. */
async function receiveAll(client: DeltaClient, services: number): Promise<void> {
  client.subscribe(clusterType, []);
  const names = await collect(client, services);
  client.subscribe(endpointType, names);
  await collect(client, services);
}

async function collect(client: DeltaClient, count: number): Promise<readonly string[]> {
  const names = new Set<string>();
  while (names.size < count) for (const { name } of (await client.next()).resources ?? []) names.add(name ?? '');
  return [...names];
}

async function measureChanges(
  client: DeltaClient,
  control: ControlPlaneProcess,
  files: readonly string[],
  shape: ServiceEntryFiles,
  changes: number,
): Promise<Pick<Figures, 'changeMs' | 'changeCpuUs'>> {
  const times: number[] = [];
  const cpu = control.cpuMicroseconds();
  for (let i = 0; i < changes; i++) {
    const file = i % shape.files;
    const text = serviceEntryFile(file, shape, 101 + (i % 141));
    const target = files[file] ?? '';
    await writeFile(`${target}.new`, text);
    const start = performance.now();
    await rename(`${target}.new`, target);
    await client.next();
    times.push(performance.now() - start);
  }
  const changeCpuUs = Math.round((control.cpuMicroseconds() - cpu) / changes);
  times.sort((a, b) => a - b);
  const at = (q: number): number => round(times[Math.min(times.length - 1, Math.floor(q * times.length))] ?? 0);
  return { changeMs: { p50: at(0.5), p90: at(0.9), p99: at(0.99) }, changeCpuUs };
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}

export interface ControlPlaneShape {
  readonly many: ServiceEntryFiles;
  readonly few: ServiceEntryFiles;
  readonly changes: number;
}

/** `changeRatio` is the median of one change with many services over that with few, files of equal size. */
export async function benchControlPlane({ many, few, changes }: ControlPlaneShape) {
  const large = await measure(many, changes);
  const small = await measure(few, changes);
  return {
    name: 'control-plane',
    many: large,
    few: small,
    changeRatio: round(large.changeMs.p50 / small.changeMs.p50),
    changeCpuRatio: round(large.changeCpuUs / small.changeCpuUs),
  };
}

const full: ControlPlaneShape = {
  many: { files: 100, entriesPerFile: 100, endpointsPerEntry: 10 },
  few: { files: 1, entriesPerFile: 100, endpointsPerEntry: 10 },
  changes: 200,
};

if (import.meta.main) console.log(JSON.stringify(await benchControlPlane(full), undefined, 2));
