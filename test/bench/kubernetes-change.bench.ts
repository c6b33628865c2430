/**
 * One endpoint of a ServiceEntry changed by a PATCH of the API server: from when the request is sent to when the last of many
 * delta proxies has acknowledged it; how much of that is the API server's own answer; and what the change costs. Prints JSON when
 * run: `node test/bench/kubernetes-change.bench.ts [proxies]`.
 */
import { loadavg } from 'node:os';
import { type Quantiles, quantiles } from './acknowledging-proxies.ts';
import { BareProxies, monotonicNow } from './bare-proxies.ts';
import { startControlPlane } from './control-plane-process.ts';
import { CrowdedCluster, type CrowdShape } from './crowded-cluster.ts';

export interface KubernetesChangeFigures {
  readonly serviceEntries: number;
  readonly proxies: number;
  readonly changes: number;
  readonly load: number;
  /** Of the API server, to the PATCH. */
  readonly answeredMs: Quantiles;
  /** By the first proxy. */
  readonly receivedMs: Quantiles;
  /** By the last. */
  readonly acknowledgedMs: Quantiles;
  /** CPU time of one change. */
  readonly controlPlaneCpuMs: number;
  readonly proxiesCpuMs: number;
}

const warmUp = 20;

export async function benchKubernetesChange(
  shape: CrowdShape,
  proxies: number,
  changes: number,
): Promise<KubernetesChangeFigures> {
  const cluster = await CrowdedCluster.start(shape);
  const crowd = new BareProxies();
  try {
    const control = await startControlPlane(['--kubernetes', '--kubeconfig', cluster.server.kubeconfig()]);
    try {
      await crowd.connect(control.xds, proxies, `outbound|9090||${cluster.hostOf(0)}`);
      await changeAll(cluster, crowd, warmUp);
      const cpuBefore = control.cpuMicroseconds();
      const rounds = await changeAll(cluster, crowd, changes);
      const controlPlaneCpuMs = rounded((control.cpuMicroseconds() - cpuBefore) / 1000 / changes);
      const [first, last] = [rounds[0], rounds.at(-1)];
      return {
        serviceEntries: shape.serviceEntries,
        proxies,
        changes,
        load: rounded(loadavg()[0] ?? 0),
        answeredMs: quantiles(rounds.map(({ answered }) => answered)),
        receivedMs: quantiles(rounds.map(({ received }) => received)),
        acknowledgedMs: quantiles(rounds.map(({ acknowledged }) => acknowledged)),
        controlPlaneCpuMs,
        proxiesCpuMs: rounded(((last?.cpuMs ?? 0) - (first?.cpuMs ?? 0)) / (changes - 1)),
      };
    } finally {
      await crowd.close();
      await control.stop();
    }
  } finally {
    await cluster.stop();
  }
}

/** Times since each request was sent, in milliseconds. */
async function changeAll(cluster: CrowdedCluster, crowd: BareProxies, changes: number) {
  const rounds = [];
  for (let change = 0; change < changes; change++) {
    const all = crowd.acknowledged();
    const start = monotonicNow();
    await cluster.moveEndpoint(0, 100 + ((change + changes) % 100));
    const answered = monotonicNow() - start;
    const { firstReceivedAt, lastAcknowledgedAt, cpuMs } = await all;
    rounds.push({ answered, received: firstReceivedAt - start, acknowledged: lastAcknowledgedAt - start, cpuMs });
  }
  return rounds;
}

function rounded(value: number): number {
  return Number(value.toFixed(1));
}

const full: CrowdShape = {
  serviceEntries: 1_000,
  endpointsPerEntry: 10,
  metaRouters: 100,
  endpointSlices: 1_000,
  endpointsPerSlice: 5,
};

if (import.meta.main) {
  const proxies = Number(process.argv[2] ?? 1_000);
  const figures = await benchKubernetesChange(full, proxies, 200);
  console.log(JSON.stringify({ name: 'kubernetes-change', ...figures }, undefined, 2));
}
