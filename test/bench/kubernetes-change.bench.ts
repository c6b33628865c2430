/**
 * One endpoint of a ServiceEntry changed by a PATCH of the API server: from when the request is sent to when the last of many
 * delta proxies has acknowledged it; how much of that is the API server's own answer; and what the change costs. The same of
 * istiod where it is built, as it is and without its wait for further changes of endpoints. Prints JSON when run:
 * `node test/bench/kubernetes-change.bench.ts [proxies]`.
 */
import { loadavg } from 'node:os';
import { Istiod } from '../peers/istio/istiod.ts';
import { istiodPeer } from '../peers/istio/istiod-peer.ts';
import { type Quantiles, quantiles } from './acknowledging-proxies.ts';
import { BareProxies, monotonicNow } from './bare-proxies.ts';
import { startControlPlane } from './control-plane-process.ts';
import { CrowdedCluster, type CrowdShape } from './crowded-cluster.ts';
import { cpuMicroseconds } from './process-costs.ts';

export interface KubernetesChangeFigures {
  readonly serviceEntries: number;
  readonly proxies: number;
  readonly changes: number;
  readonly load: number;
  readonly isthmus: ChangeFigures;
  /** Absent where it is not built. */
  readonly istiod?: ChangeFigures;
  readonly istiodWithoutDebounce?: ChangeFigures;
}

export interface ChangeFigures {
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

/** What the proxies are told by. */
interface Subject {
  readonly xds: string;
  cpuMicroseconds(): number;
  stop(): Promise<void>;
}

const warmUp = 20;

export async function benchKubernetesChange(
  shape: CrowdShape,
  proxies: number,
  changes: number,
): Promise<KubernetesChangeFigures> {
  const cluster = await CrowdedCluster.start(shape);
  const load = rounded(loadavg()[0] ?? 0);
  try {
    const ours = await startControlPlane(['--kubernetes', '--kubeconfig', cluster.server.kubeconfig()]);
    const isthmus = await measure(ours, cluster, proxies, changes);
    const figures = { serviceEntries: shape.serviceEntries, proxies, changes, load, isthmus };
    if (istiodPeer.find() === undefined) return figures;
    const istiod = await measure(await startIstiod(cluster, {}), cluster, proxies, changes);
    const hasty = await startIstiod(cluster, { PILOT_ENABLE_EDS_DEBOUNCE: 'false' });
    return { ...figures, istiod, istiodWithoutDebounce: await measure(hasty, cluster, proxies, changes) };
  } finally {
    await cluster.stop();
  }
}

/** It admits few new connections a second otherwise, and ends those that wait. */
const manyConnections = { PILOT_MAX_REQUESTS_PER_SECOND: '10000' };

async function startIstiod(
  { server }: CrowdedCluster,
  environment: Readonly<Record<string, string>>,
): Promise<Subject> {
  const istiod = await Istiod.start(server, { ...manyConnections, ...environment });
  return {
    xds: istiod.xds,
    cpuMicroseconds: () => cpuMicroseconds(istiod.pid),
    stop: async () => istiod.stop(),
  };
}

/** Ends the subject. */
async function measure(
  subject: Subject,
  cluster: CrowdedCluster,
  proxies: number,
  changes: number,
): Promise<ChangeFigures> {
  const crowd = new BareProxies();
  try {
    await crowd.connect(subject.xds, proxies, `outbound|9090||${cluster.hostOf(0)}`);
    await changeAll(cluster, crowd, warmUp);
    const cpuBefore = subject.cpuMicroseconds();
    const rounds = await changeAll(cluster, crowd, changes);
    const [first, last] = [rounds[0], rounds.at(-1)];
    return {
      answeredMs: quantiles(rounds.map(({ answered }) => answered)),
      receivedMs: quantiles(rounds.map(({ received }) => received)),
      acknowledgedMs: quantiles(rounds.map(({ acknowledged }) => acknowledged)),
      controlPlaneCpuMs: rounded((subject.cpuMicroseconds() - cpuBefore) / 1000 / changes),
      proxiesCpuMs: rounded(((last?.cpuMs ?? 0) - (first?.cpuMs ?? 0)) / (changes - 1)),
    };
  } finally {
    await crowd.close();
    await subject.stop();
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
