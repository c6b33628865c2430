/**
 * All proxies of a mesh come at once, each of an account of its own, and want certificates: how long until all are served, and
 * how long those wait for a change meanwhile that were there before. Prints JSON when run:
 * `node test/bench/secured-cold-start.bench.ts [proxies]`.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { type Quantiles, quantiles } from './acknowledging-proxies.ts';
import { startControlPlaneProcess } from './control-plane-process.ts';
import { machineTime, ProxyFleet } from './proxy-fleet.ts';
import { changeEndpoint, type SecuredShape, writeSecuredMesh } from './secured-mesh-files.ts';

export interface ColdStartFigures {
  readonly proxies: number;
  readonly load: number;
  /** From the first connection to the last proxy that has all it asked for, its certificate with it. */
  readonly servedMs: number;
  readonly cpuMs: number;
  /** From a file's change to the acknowledgement of those who were there before; before the others came, and meanwhile. */
  readonly quietMs: Quantiles;
  readonly meanwhileMs: Quantiles & { readonly changes: number };
}

/** Of the last service of all: those who were there before are its callers' proxies. */
interface Changes {
  readonly manifests: string;
  readonly shape: SecuredShape;
  readonly service: number;
}

export async function benchColdStart(proxies: number, quietChanges: number): Promise<ColdStartFigures> {
  const shape = { services: proxies + 10, workloads: 1, callers: 3, perFile: 10 };
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-bench-'));
  const manifests = path.join(folder, 'manifests');
  await writeSecuredMesh(manifests, shape);
  const control = await startControlPlaneProcess(manifests, path.join(folder, 'state'), ['--insecure-identities']);
  const [present, coming] = [new ProxyFleet(), new ProxyFleet()];
  const changes: Changes = { manifests, shape, service: proxies };
  try {
    await present.connect(control.xds, shape, [proxies + 1, proxies + 2, proxies + 3]);
    const quiet: number[] = [];
    for (let turn = 0; turn < quietChanges; turn++) quiet.push(...(await change(changes, present, turn)));
    const cpu = control.cpuMicroseconds();
    const start = machineTime();
    const all = Array.from({ length: proxies }, (_, at) => at);
    let served: number | undefined;
    const serving = coming.connect(control.xds, shape, all).then((at) => {
      served = at;
    });
    const meanwhile: number[] = [];
    let turns = 0;
    for (; served === undefined; turns++) meanwhile.push(...(await change(changes, present, turns)));
    await serving;
    return {
      proxies,
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
      servedMs: Math.round(served - start),
      cpuMs: Math.round((control.cpuMicroseconds() - cpu) / 1000),
      quietMs: quantiles(quiet),
      meanwhileMs: { ...quantiles(meanwhile), changes: turns },
    };
  } finally {
    await present.close();
    await coming.close();
    await control.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds until each of the callers' proxies had acknowledged it. */
async function change(
  { manifests, shape, service }: Changes,
  present: ProxyFleet,
  turn: number,
): Promise<readonly number[]> {
  await present.soFar();
  const before = machineTime();
  await changeEndpoint(manifests, shape, service, 2 + (turn % 250));
  return (await present.responses(shape.callers)).map(({ at }) => at - before);
}

if (import.meta.main) {
  const figures = await benchColdStart(Number(process.argv[2] ?? 2000), 50);
  console.log(JSON.stringify({ name: 'secured-cold-start', ...figures }, undefined, 2));
}
