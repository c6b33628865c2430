/** What a gRPC client takes instead of a cluster that it would refuse. It dials by name, so no listener has to be bound. */
import type { ServicePort } from '../../model/service.ts';
import { enumValue, type envoy } from '../../xds-api/messages.ts';

type Cluster = envoy.config.cluster.v3.Cluster;

const STRICT_DNS = enumValue('envoy.config.cluster.v3.Cluster.DiscoveryType', 'STRICT_DNS');
const LOGICAL_DNS = enumValue('envoy.config.cluster.v3.Cluster.DiscoveryType', 'LOGICAL_DNS');
const RING_HASH = enumValue('envoy.config.cluster.v3.Cluster.LbPolicy', 'RING_HASH');

export function isGrpcPort({ protocol }: ServicePort): boolean {
  return protocol.kind === 'plain' && (protocol.protocol === 'grpc' || protocol.protocol === 'http2');
}

/**
 * Round robin in place of what gRPC has not, and logical DNS for a single name. Undefined when the cluster serves as it
 * is. A cluster that no change makes fit for gRPC (several DNS names, the original destination) stays as it is, and its
 * clients report why they refuse it.
 */
export function grpcCluster(cluster: Cluster): Cluster | undefined {
  const { lbPolicy, maglevLbConfig: _, ...rest } = cluster;
  const balances = lbPolicy === undefined || lbPolicy === RING_HASH;
  const names = (cluster.loadAssignment?.endpoints ?? []).flatMap(({ lbEndpoints }) => lbEndpoints ?? []);
  const resolvesOneName = cluster.type === STRICT_DNS && names.length === 1;
  if (balances && !resolvesOneName) return undefined;
  return { ...(balances ? cluster : rest), ...(resolvesOneName ? { type: LOGICAL_DNS } : {}) };
}
