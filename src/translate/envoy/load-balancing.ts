/** How a cluster chooses an endpoint. Bounds are Envoy's: a proxy refuses the whole cluster beyond them. */
import type { LoadBalancing } from '../../model/traffic-policy.ts';
import { enumValue, type envoy } from '../../xds-api/messages.ts';

type Cluster = envoy.config.cluster.v3.Cluster;
type Choice = Pick<Cluster, 'lbPolicy' | 'ringHashLbConfig' | 'maglevLbConfig'>;

const MAX_RING = 8_388_608;
const MAX_MAGLEV = 5_000_011;
const policy = (name: string): number => enumValue('envoy.config.cluster.v3.Cluster.LbPolicy', name);
const LEAST_REQUEST: Choice = { lbPolicy: policy('LEAST_REQUEST') };
const RANDOM: Choice = { lbPolicy: policy('RANDOM') };
const RING_HASH = policy('RING_HASH');
const MAGLEV = policy('MAGLEV');

export const clusterProvided: Choice = { lbPolicy: policy('CLUSTER_PROVIDED') };

/** Round robin is what a cluster does when nothing is said. */
export function loadBalancing(balancing: LoadBalancing): Choice {
  switch (balancing.kind) {
    case 'round-robin':
      return {};
    case 'least-request':
      return LEAST_REQUEST;
    case 'random':
      return RANDOM;
    case 'passthrough':
      return clusterProvided;
    case 'consistent-hash':
      return balancing.algorithm === 'maglev' ? maglev(balancing.tableSize) : ringHash(balancing.minimumRingSize);
  }
}

function ringHash(minimum: number | undefined): Choice {
  if (minimum === undefined || !isRingSize(minimum)) return { lbPolicy: RING_HASH };
  return { lbPolicy: RING_HASH, ringHashLbConfig: { minimumRingSize: { value: minimum } } };
}

function maglev(size: number | undefined): Choice {
  if (size === undefined || !isMaglevSize(size)) return { lbPolicy: MAGLEV };
  return { lbPolicy: MAGLEV, maglevLbConfig: { tableSize: { value: size } } };
}

/** What of a policy a proxy would refuse, so that its default serves instead; undefined when it is sound. */
export function unusableSize(balancing: LoadBalancing): string | undefined {
  if (balancing.kind !== 'consistent-hash') return undefined;
  const { algorithm, minimumRingSize, tableSize } = balancing;
  if (algorithm === 'ring-hash' && minimumRingSize !== undefined && !isRingSize(minimumRingSize))
    return `A minimumRingSize of ${minimumRingSize} is not from 1 to ${MAX_RING}: the proxy's default, 1024, is in force.`;
  if (algorithm === 'maglev' && tableSize !== undefined && !isMaglevSize(tableSize))
    return `A tableSize of ${tableSize} is no prime up to ${MAX_MAGLEV}: the proxy's default, 65537, is in force.`;
  return undefined;
}

function isRingSize(size: number): boolean {
  return Number.isInteger(size) && size >= 1 && size <= MAX_RING;
}

function isMaglevSize(size: number): boolean {
  if (!Number.isInteger(size) || size < 2 || size > MAX_MAGLEV) return false;
  for (let factor = 2; factor * factor <= size; factor += 1) if (size % factor === 0) return false;
  return true;
}
