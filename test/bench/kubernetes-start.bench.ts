/**
 * `isthmus run --kubernetes` against a real API server with many objects: from its start to when it serves, and its memory
 * then. Prints JSON when run: `node test/bench/kubernetes-start.bench.ts [starts]`.
 */
import { loadavg } from 'node:os';
import { startControlPlane } from './control-plane-process.ts';
import { CrowdedCluster, type CrowdShape } from './crowded-cluster.ts';

export interface KubernetesStartFigures extends CrowdShape {
  /** Processes that wanted to run meanwhile, as the machine counts them. */
  readonly load: number;
  /** One a start, in the order of the starts; the first finds no leases of virtual IPs. */
  readonly startToServingMs: readonly number[];
  /** Once it serves, and at most. */
  readonly rssMb: readonly number[];
  readonly peakRssMb: readonly number[];
}

export async function benchKubernetesStart(shape: CrowdShape, starts: number): Promise<KubernetesStartFigures> {
  const cluster = await CrowdedCluster.start(shape);
  const figures: { served: number; rss: number; peak: number }[] = [];
  try {
    for (let start = 0; start < starts; start++) {
      const control = await startControlPlane(['--kubernetes', '--kubeconfig', cluster.server.kubeconfig()]);
      const served = Math.round(performance.now() - control.startedAt);
      figures.push({ served, rss: megabytes(control.rssBytes()), peak: megabytes(control.peakRssBytes()) });
      await control.stop();
    }
  } finally {
    await cluster.stop();
  }
  return {
    ...shape,
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
    startToServingMs: figures.map(({ served }) => served),
    rssMb: figures.map(({ rss }) => rss),
    peakRssMb: figures.map(({ peak }) => peak),
  };
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
