/**
 * DestinationRule policies in the model's terms: what is said and what is inherited. Fields that nothing reads have been
 * reported where the rule was parsed.
 */
import type { HostPolicy, LoadBalancing, Subset, TrafficPolicy } from '../model/traffic-policy.ts';
import type { DestinationRule, TrafficPolicySpec } from '../resources/kinds.ts';
import { compareText } from './resource-order.ts';

/** Istio's defaults. */
const defaultPolicy: TrafficPolicy = { loadBalancing: { kind: 'least-request' }, connectTimeoutMs: 10_000 };

export function defaultHostPolicy(key: string): HostPolicy {
  return { key, policy: defaultPolicy, portPolicies: {}, subsets: [] };
}

/** As in Istio, a subset inherits what it does not say from the host, and a port's policy inherits nothing. */
export function hostPolicy(key: string, spec: DestinationRule['spec']): HostPolicy {
  const policy = trafficPolicy(spec.trafficPolicy, defaultPolicy);
  const portSettings = spec.trafficPolicy?.portLevelSettings ?? [];
  const subsets = new Map<string, Subset>();
  for (const subset of spec.subsets ?? []) {
    if (subsets.has(subset.name)) continue;
    const own = trafficPolicy(subset.trafficPolicy, policy);
    subsets.set(subset.name, { name: subset.name, labels: subset.labels ?? {}, policy: own });
  }
  return {
    key,
    policy,
    portPolicies: Object.fromEntries(portSettings.map((own) => [own.port.number, trafficPolicy(own, defaultPolicy)])),
    subsets: [...subsets.values()].sort((a, b) => compareText(a.name, b.name)),
  };
}

/** The load balancer and the connection pool are each taken whole from one place. */
function trafficPolicy(spec: TrafficPolicySpec | undefined, inherited: TrafficPolicy): TrafficPolicy {
  const { loadBalancing, ...inheritedPool } = inherited;
  const tcp = spec?.connectionPool?.tcp;
  const pool =
    tcp === undefined
      ? inheritedPool
      : {
          connectTimeoutMs: tcp.connectTimeout ?? defaultPolicy.connectTimeoutMs,
          ...(tcp.maxConnections === undefined ? {} : { maxConnections: tcp.maxConnections }),
          ...(tcp.tcpKeepalive?.time === undefined ? {} : { tcpKeepaliveSeconds: tcp.tcpKeepalive.time }),
        };
  return { loadBalancing: ownLoadBalancing(spec?.loadBalancer) ?? loadBalancing, ...pool };
}

type LoadBalancer = NonNullable<TrafficPolicySpec['loadBalancer']>;

function ownLoadBalancing(spec: LoadBalancer | undefined): LoadBalancing | undefined {
  if (spec?.consistentHash !== undefined) return consistentHash(spec.consistentHash);
  switch (spec?.simple) {
    case 'ROUND_ROBIN':
      return { kind: 'round-robin' };
    case 'RANDOM':
      return { kind: 'random' };
    case 'PASSTHROUGH':
      return { kind: 'passthrough' };
    case 'LEAST_CONN':
    case 'LEAST_REQUEST':
    case 'UNSPECIFIED':
      return { kind: 'least-request' };
    case undefined:
      return undefined;
  }
}

function consistentHash(spec: NonNullable<LoadBalancer['consistentHash']>): LoadBalancing {
  const minimum = spec.ringHash?.minimumRingSize ?? spec.minimumRingSize;
  const property = spec.httpHeaderName === undefined ? {} : { property: spec.httpHeaderName };
  if (spec.maglev !== undefined) {
    const table = spec.maglev.tableSize === undefined ? {} : { tableSize: spec.maglev.tableSize };
    return { kind: 'consistent-hash', algorithm: 'maglev', ...property, ...table };
  }
  const ring = minimum === undefined ? {} : { minimumRingSize: minimum };
  return { kind: 'consistent-hash', algorithm: 'ring-hash', ...property, ...ring };
}

/**
 * The policy of a service that moves: to prefer the least loaded endpoint would draw requests to the side that has few, the
 * more the higher the load, and ten percent would be no ten percent.
 */
export function withExactShares(policy: HostPolicy): HostPolicy {
  const portPolicies = Object.entries(policy.portPolicies).map(([port, own]) => [port, inTurn(own)] as const);
  return {
    ...policy,
    policy: inTurn(policy.policy),
    portPolicies: Object.fromEntries(portPolicies),
    subsets: policy.subsets.map((subset) => ({ ...subset, policy: inTurn(subset.policy) })),
  };
}

function inTurn(policy: TrafficPolicy): TrafficPolicy {
  return policy.loadBalancing.kind === 'least-request' ? { ...policy, loadBalancing: { kind: 'round-robin' } } : policy;
}
