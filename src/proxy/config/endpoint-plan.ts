/** ClusterLoadAssignment -> the hosts that a cluster may use, each with its effective weight and priority. */
import type { Message } from '../../xds-api/messages.ts';

/** `others`: further IP addresses of the same endpoint at the same port, for where `host` cannot be reached. */
export type HostAddress =
  | { readonly host: string; readonly port: number; readonly others?: readonly string[] }
  | { readonly path: string };

export interface PlannedHost {
  /** `address:port`, or the path of a unix socket. */
  readonly key: string;
  readonly address: HostAddress;
  readonly weight: number;
  readonly healthy: boolean;
  readonly priority: number;
}

type Assignment = Message<'envoy.config.endpoint.v3.ClusterLoadAssignment'>;
type LocalityEndpoints = NonNullable<Assignment['endpoints']>[number];
type LbEndpoint = NonNullable<LocalityEndpoints['lbEndpoints']>[number];

/** HealthStatus: UNKNOWN 0, HEALTHY 1, DEGRADED 5 may get requests; UNHEALTHY, DRAINING, TIMEOUT may not. */
const usable = new Set([0, 1, 5]);

/** Duplicate addresses count once, the first wins. `byLocality`: localities share the load by their own weights. */
export function planEndpoints(assignment: Assignment, byLocality: boolean): readonly PlannedHost[] {
  const hosts = new Map<string, PlannedHost>();
  for (const locality of assignment.endpoints ?? []) {
    const scale = byLocality ? localityScale(locality) : 1;
    if (scale <= 0) continue;
    for (const endpoint of locality.lbEndpoints ?? []) {
      const address = addressOf(endpoint);
      if (address === undefined) continue;
      const key = hostKey(address);
      if (hosts.has(key)) continue;
      hosts.set(key, {
        key,
        address,
        weight: Math.max(1, endpoint.loadBalancingWeight?.value ?? 1) * scale,
        healthy: usable.has(endpoint.healthStatus ?? 0),
        priority: locality.priority ?? 0,
      });
    }
  }
  return [...hosts.values()];
}

export function hostKey(address: HostAddress): string {
  return 'path' in address ? address.path : `${address.host}:${address.port}`;
}

/** A locality's weight over the sum of its usable endpoints' weights; a locality without a weight gets nothing. */
function localityScale(locality: LocalityEndpoints): number {
  const total = (locality.lbEndpoints ?? [])
    .filter((endpoint) => usable.has(endpoint.healthStatus ?? 0))
    .reduce((sum, endpoint) => sum + Math.max(1, endpoint.loadBalancingWeight?.value ?? 1), 0);
  return total === 0 ? 0 : (locality.loadBalancingWeight?.value ?? 0) / total;
}

function addressOf(endpoint: LbEndpoint): HostAddress | undefined {
  const { address, additionalAddresses } = endpoint.endpoint ?? {};
  if (address?.pipe?.path) return { path: address.pipe.path };
  const socket = address?.socketAddress;
  if (!socket?.address || !socket.portValue) return undefined;
  const { address: host, portValue: port } = socket;
  const others = (additionalAddresses ?? []).flatMap(({ address: other }) =>
    other?.socketAddress?.address && other.socketAddress.portValue === port ? [other.socketAddress.address] : [],
  );
  return { host, port, ...(others.length === 0 ? {} : { others }) };
}
