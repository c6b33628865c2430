/**
 * A mesh whose access is enforced, with a delta proxy of kind envoy beside each workload: memory of the control plane once all
 * are served, and one endpoint changed in a file to the acknowledgement of each proxy that may call the service. All others
 * have to be told nothing. Prints JSON when run: `node test/bench/secured-fanout.bench.ts [services] [workloads of each]`.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { shortType } from '../../src/delivery/xds/resources/resource-types.ts';
import { type Quantiles, quantiles } from './acknowledging-proxies.ts';
import { startControlPlaneProcess } from './control-plane-process.ts';
import { machineTime, ProxyFleet } from './proxy-fleet.ts';
import { changeEndpoint, type SecuredShape, writeSecuredMesh } from './secured-mesh-files.ts';

export interface SecuredFanoutFigures {
  readonly services: number;
  readonly proxies: number;
  /** Processes that wanted to run while it was measured, as the machine counts them. */
  readonly load: number;
  readonly startToServedMs: number;
  readonly connectedToServedMs: number;
  /** Once all are served, and at most. */
  readonly rssMb: number;
  readonly peakRssMb: number;
  /** From the file's change to a proxy's acknowledgement, over all proxies that may call. */
  readonly changeMs: Quantiles;
  /** CPU time of the control plane for one change, in microseconds. */
  readonly changeCpuUs: number;
  /** Told of each change: those that may call the service; and responses that anybody else was sent. */
  readonly concerned: number;
  readonly toldInVain: number;
}

export async function benchSecuredFanout(shape: SecuredShape, changes: number): Promise<SecuredFanoutFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-bench-'));
  const manifests = path.join(folder, 'manifests');
  await writeSecuredMesh(manifests, shape);
  const control = await startControlPlaneProcess(manifests, path.join(folder, 'state'), ['--insecure-identities']);
  const startToServedMs = Math.round(performance.now() - control.startedAt);
  const fleet = new ProxyFleet();
  try {
    const connecting = machineTime();
    const connectedToServedMs = Math.round((await fleet.connect(control.xds, shape)) - connecting);
    await fleet.soFar();
    const rssMb = Math.round(control.rssBytes() / 2 ** 20);
    const cpu = control.cpuMicroseconds();
    const { times, told, concerned } = await measureChanges(manifests, fleet, shape, changes);
    return {
      services: shape.services,
      proxies: shape.services * shape.workloads,
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
      startToServedMs,
      connectedToServedMs,
      rssMb,
      peakRssMb: Math.round(control.peakRssBytes() / 2 ** 20),
      changeMs: quantiles(times),
      changeCpuUs: Math.round((control.cpuMicroseconds() - cpu) / changes),
      concerned,
      toldInVain: told - concerned * changes,
    };
  } finally {
    await fleet.close();
    await control.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureChanges(manifests: string, fleet: ProxyFleet, shape: SecuredShape, changes: number) {
  const concerned = shape.callers * shape.workloads;
  const files = Math.ceil(shape.services / shape.perFile);
  const times: number[] = [];
  let told = 0;
  for (let change = 0; change < changes; change++) {
    const service = ((change * 7) % files) * shape.perFile;
    const before = machineTime();
    await changeEndpoint(manifests, shape, service, 2 + (change % 250));
    const responses = await fleet.responses(concerned);
    told += responses.length;
    for (const { service: at, type, at: when } of responses) {
      const distance = (at - service + shape.services) % shape.services;
      if (shortType(type) === 'EDS' && distance >= 1 && distance <= shape.callers) times.push(when - before);
    }
  }
  told += (await fleet.soFar()).length;
  return { times, told, concerned };
}

const full: SecuredShape = { services: 1000, workloads: 5, callers: 10, perFile: 10 };

if (import.meta.main) {
  const shape = {
    ...full,
    services: Number(process.argv[2] ?? full.services),
    workloads: Number(process.argv[3] ?? full.workloads),
  };
  console.log(JSON.stringify({ name: 'secured-fanout', ...(await benchSecuredFanout(shape, 200)) }, undefined, 2));
}
