/**
 * `isthmus run --kubernetes` against a real API server with many objects: from its start to when it serves, and its memory
 * then; and istiod on the same objects, of which it reads all but the MetaRouters, where it is built. Prints JSON when run:
 * `node test/bench/kubernetes-start.bench.ts [starts]`.
 */
import { loadavg } from 'node:os';
import { Istiod } from '../peers/istio/istiod.ts';
import { istiodPeer } from '../peers/istio/istiod-peer.ts';
import { startControlPlane } from './control-plane-process.ts';
import { CrowdedCluster, type CrowdShape } from './crowded-cluster.ts';
import { peakRssBytes, rssBytes } from './process-costs.ts';

export interface KubernetesStartFigures extends CrowdShape {
  /** Processes that wanted to run meanwhile, as the machine counts them. */
  readonly load: number;
  readonly starts: readonly StartFigures[];
  /** In turn with ours; absent where it is not built. */
  readonly istiodStarts?: readonly StartFigures[];
}

/** The first start finds nothing that an earlier one wrote: no leases of virtual IPs, no addresses in a status. */
export interface StartFigures {
  readonly toServingMs: number;
  /** Once it serves. */
  readonly rssMb: number;
  /** At most, until then. */
  readonly peakRssMb: number;
}

export async function benchKubernetesStart(shape: CrowdShape, starts: number): Promise<KubernetesStartFigures> {
  const cluster = await CrowdedCluster.start(shape);
  const [ours, istiods]: [StartFigures[], StartFigures[]] = [[], []];
  try {
    for (let start = 0; start < starts; start++) {
      ours.push(await startOurs(cluster));
      if (istiodPeer.find() !== undefined) istiods.push(await startIstiod(cluster));
    }
  } finally {
    await cluster.stop();
  }
  const load = Number((loadavg()[0] ?? 0).toFixed(1));
  return { ...shape, load, starts: ours, ...(istiods.length > 0 && { istiodStarts: istiods }) };
}

async function startOurs({ server }: CrowdedCluster): Promise<StartFigures> {
  const control = await startControlPlane(['--kubernetes', '--kubeconfig', server.kubeconfig()]);
  const toServingMs = Math.round(performance.now() - control.startedAt);
  const figures = { toServingMs, rssMb: megabytes(control.rssBytes()), peakRssMb: megabytes(control.peakRssBytes()) };
  await control.stop();
  return figures;
}

async function startIstiod({ server }: CrowdedCluster): Promise<StartFigures> {
  const istiod = await Istiod.start(server);
  const toServingMs = Math.round(performance.now() - istiod.startedAt);
  const { pid } = istiod;
  const figures = { toServingMs, rssMb: megabytes(rssBytes(pid)), peakRssMb: megabytes(peakRssBytes(pid)) };
  await istiod.stop();
  return figures;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

const full: CrowdShape = {
  serviceEntries: 10_000,
  endpointsPerEntry: 10,
  metaRouters: 1_000,
  endpointSlices: 20_000,
  endpointsPerSlice: 5,
};

if (import.meta.main) {
  const starts = Number(process.argv[2] ?? 3);
  console.log(
    JSON.stringify({ name: 'kubernetes-start', ...(await benchKubernetesStart(full, starts)) }, undefined, 2),
  );
}
