/** Cluster -> how its hosts are found, chosen and connected to. */
import type { Message } from '../../xds-api/messages.ts';
import { enumValue } from '../../xds-api/messages.ts';
import type { BalancingPolicy } from '../balancing/balancer.ts';
import { rejectForeignSource } from './config-source.ts';
import { milliseconds } from './durations.ts';
import { type PlannedHost, planEndpoints } from './endpoint-plan.ts';
import { Rejection, within } from './rejection.ts';
import { planUpstreamTls, type TlsPlan } from './tls-plan.ts';

type ClusterMessage = Message<'envoy.config.cluster.v3.Cluster'>;

/** Where the endpoints come from. `resourceName` is the name of the ClusterLoadAssignment. */
export type EndpointSource =
  | { readonly kind: 'static'; readonly hosts: readonly PlannedHost[] }
  | { readonly kind: 'dns'; readonly hosts: readonly PlannedHost[]; readonly all: boolean; readonly refreshMs: number }
  | { readonly kind: 'eds'; readonly resourceName: string };

export interface ClusterPlan {
  readonly name: string;
  readonly endpoints: EndpointSource;
  readonly balancing: BalancingPolicy;
  /** Whether localities share the load by their own weights. */
  readonly byLocality: boolean;
  readonly connectTimeoutMs: number;
  readonly maxConnections: number;
  readonly maxPending: number;
  /** Absent: plaintext. */
  readonly tls?: TlsPlan;
}

const clusterType = (name: string): number => enumValue('envoy.config.cluster.v3.Cluster.DiscoveryType', name);
const balancingPolicy = (name: string): number => enumValue('envoy.config.cluster.v3.Cluster.LbPolicy', name);

/** Throws Rejection. */
export function planCluster(message: ClusterMessage): ClusterPlan {
  const name = message.name ?? '';
  if (name === '') throw new Rejection('a cluster needs a name');
  rejectUnsupported(message);
  const tls = within('transport_socket', () => planUpstreamTls(message.transportSocket));
  const byLocality = message.commonLbConfig?.localityWeightedLbConfig != null;
  const thresholds = message.circuitBreakers?.thresholds?.find(({ priority }) => (priority ?? 0) === 0);
  return {
    name,
    endpoints: endpointSource(message, name, byLocality),
    balancing: planBalancing(message),
    byLocality,
    connectTimeoutMs: milliseconds(message.connectTimeout) ?? 5000,
    maxConnections: thresholds?.maxConnections?.value ?? 1024,
    maxPending: thresholds?.maxPendingRequests?.value ?? 1024,
    ...(tls === undefined ? {} : { tls }),
  };
}

/** What would change how hosts are found, chosen or spoken to: TLS above all must not become plain text. */
function rejectUnsupported(message: ClusterMessage): void {
  for (const { transportSocket } of message.transportSocketMatches ?? [])
    if (transportSocket != null && transportSocket.name !== 'envoy.transport_sockets.raw_buffer')
      throw new Rejection(`transport socket ${transportSocket.name} by match is not supported by this proxy`);
  if (message.clusterType != null)
    throw new Rejection(`cluster_type ${message.clusterType.name} is not supported by this proxy`);
  if (message.loadBalancingPolicy != null)
    throw new Rejection('load_balancing_policy is not supported by this proxy: use lb_policy');
  rejectForeignSource('eds_cluster_config.eds_config', message.edsClusterConfig?.edsConfig);
}

function endpointSource(message: ClusterMessage, name: string, byLocality: boolean): EndpointSource {
  const hosts = message.loadAssignment == null ? [] : planEndpoints(message.loadAssignment, byLocality);
  switch (message.type ?? 0) {
    case clusterType('STATIC'):
      return { kind: 'static', hosts };
    case clusterType('STRICT_DNS'):
    case clusterType('LOGICAL_DNS'):
      return {
        kind: 'dns',
        hosts,
        all: message.type === clusterType('STRICT_DNS'),
        refreshMs: milliseconds(message.dnsRefreshRate) ?? 5000,
      };
    case clusterType('EDS'):
      return { kind: 'eds', resourceName: message.edsClusterConfig?.serviceName || name };
    case clusterType('ORIGINAL_DST'):
      throw new Rejection(
        'type ORIGINAL_DST is not supported by this proxy, whose listeners take no redirected connections',
      );
    default:
      throw new Rejection(`cluster type ${message.type} is not supported`);
  }
}

function planBalancing(message: ClusterMessage): BalancingPolicy {
  switch (message.lbPolicy ?? 0) {
    case balancingPolicy('LEAST_REQUEST'):
      return { kind: 'least-request', choices: message.leastRequestLbConfig?.choiceCount?.value ?? 2 };
    case balancingPolicy('RANDOM'):
      return { kind: 'random' };
    case balancingPolicy('RING_HASH'):
      return {
        kind: 'ring-hash',
        minimumSize: Number(message.ringHashLbConfig?.minimumRingSize?.value ?? 1024),
        maximumSize: Math.min(8_388_608, Number(message.ringHashLbConfig?.maximumRingSize?.value ?? 1_048_576)),
      };
    case balancingPolicy('MAGLEV'):
      return { kind: 'maglev', tableSize: maglevSize(Number(message.maglevLbConfig?.tableSize?.value ?? 65_537)) };
    case balancingPolicy('ROUND_ROBIN'):
      return { kind: 'round-robin' };
    default:
      throw new Rejection(`lb_policy ${message.lbPolicy} is not supported by this proxy`);
  }
}

function maglevSize(size: number): number {
  if (size < 2 || size > 5_000_011 || !isPrime(size))
    throw new Rejection(`maglev table size ${size} is not a prime of at most 5000011`);
  return size;
}

function isPrime(number: number): boolean {
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return false;
  return true;
}
