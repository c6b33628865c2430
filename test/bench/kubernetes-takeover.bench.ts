/**
 * Two replicas of `isthmus run --kubernetes` on a real API server, of which the one that writes is killed: from then to the next
 * write, by the other one, and what became of what was there. Prints JSON when run: `node test/bench/kubernetes-takeover.bench.ts [kills]`.
 */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressLeases } from '../../src/delivery/kubernetes/records/address-lease.ts';
import { collectionPath, objectPath } from '../../src/kubernetes-api/api-paths.ts';
import { leases } from '../../src/kubernetes-api/built-in-collections.ts';
import { fieldOf, textOf } from '../../src/kubernetes-api/plain-fields.ts';
import { type ControlPlaneProcess, startControlPlane } from './control-plane-process.ts';
import { CrowdedCluster, type CrowdShape } from './crowded-cluster.ts';

export interface KubernetesTakeoverFigures {
  readonly serviceEntries: number;
  readonly load: number;
  /** Of the Lease, in seconds: how long the others wait for a holder that says nothing. */
  readonly leaseSeconds: number;
  /** Milliseconds from each kill to the first write of the other replica. */
  readonly nextWriteMs: readonly number[];
  /** That stood in the cluster before all kills, and how many of these are gone. */
  readonly addressLeases: number;
  readonly deleted: number;
  /** Hosts that have other virtual IPs than before, or none. */
  readonly addressesMoved: number;
}

const lease = objectPath(leases, { namespace: 'isthmus-system', name: 'isthmus' });
const lookAgainMs = 20;

export async function benchKubernetesTakeover(shape: CrowdShape, kills: number): Promise<KubernetesTakeoverFigures> {
  const cluster = await CrowdedCluster.start(shape);
  const running: ControlPlaneProcess[] = [];
  const start = async (): Promise<ControlPlaneProcess> => {
    const one = await startControlPlane(['--kubernetes', '--kubeconfig', cluster.server.kubeconfig()]);
    running.push(one);
    return one;
  };
  try {
    let writer = await start();
    await untilWritten(cluster, 'first');
    const before = await standing(cluster);
    const nextWriteMs: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const other = await start();
      const killedAt = performance.now();
      await writer.kill();
      await untilWritten(cluster, `after kill ${kill}`);
      nextWriteMs.push(Math.round(performance.now() - killedAt));
      running.splice(running.indexOf(writer), 1);
      writer = other;
    }
    const after = await standing(cluster);
    return {
      serviceEntries: shape.serviceEntries,
      load: Number((loadavg()[0] ?? 0).toFixed(1)),
      leaseSeconds: Number(fieldOf(fieldOf(await cluster.read(lease), 'spec'), 'leaseDurationSeconds')),
      nextWriteMs,
      addressLeases: before.uids.size,
      deleted: [...before.uids].filter((uid) => !after.uids.has(uid)).length,
      addressesMoved: [...before.addresses].filter(([host, own]) => after.addresses.get(host) !== own).length,
    };
  } finally {
    for (const one of running) await one.stop();
    await cluster.stop();
  }
}

/** Until whoever writes has told what became of a change that is made now. */
async function untilWritten(cluster: CrowdedCluster, key: string): Promise<void> {
  const path = await cluster.changeRouter(0, key);
  for (;;) {
    const router = await cluster.read(path);
    const generation = fieldOf(fieldOf(router, 'metadata'), 'generation');
    const conditions = fieldOf(fieldOf(router, 'status'), 'conditions');
    if (Array.isArray(conditions) && conditions.some((one) => fieldOf(one, 'observedGeneration') === generation))
      return;
    await sleep(lookAgainMs);
  }
}

/** The AddressLeases: their uids, and the virtual IPs of each host. */
async function standing(cluster: CrowdedCluster) {
  const items = fieldOf(await cluster.read(collectionPath(addressLeases)), 'items');
  const held: readonly unknown[] = Array.isArray(items) ? items : [];
  const specs = held.map((one) => fieldOf(one, 'spec'));
  const textsOf = (spec: unknown, ...names: readonly string[]) => names.map((name) => textOf(spec, name)).join(' ');
  return {
    uids: new Set(held.map((one) => textOf(fieldOf(one, 'metadata'), 'uid'))),
    addresses: new Map(specs.map((spec) => [textsOf(spec, 'namespace', 'host'), textsOf(spec, 'ipv4', 'ipv6')])),
  };
}

const few: CrowdShape = {
  serviceEntries: 500,
  endpointsPerEntry: 2,
  metaRouters: 20,
  endpointSlices: 100,
  endpointsPerSlice: 2,
};

if (import.meta.main) {
  const kills = Number(process.argv[2] ?? 5);
  const figures = await benchKubernetesTakeover(few, kills);
  console.log(JSON.stringify({ name: 'kubernetes-takeover', ...figures }, undefined, 2));
}
