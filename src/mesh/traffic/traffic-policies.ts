/**
 * DestinationRule policies in the model's terms: what is said and what is inherited. Fields that nothing reads have been
 * reported where the rule was parsed.
 */
import type { ConnectionBounds } from '../../model/traffic-limits.ts';
import {
  defaultConnectTimeoutMs,
  type HostPolicy,
  type LoadBalancing,
  type OutlierDetection,
  type PlacePart,
  type PlacePreference,
  type Subset,
  type TrafficPolicy,
} from '../../model/traffic-policy.ts';
import { placeLabels } from '../../resources/kinds/locality-setting.ts';
import type {
  DestinationRule,
  LocalityLbSettingSpec,
  OutlierDetectionSpec,
  TrafficPolicySpec,
} from '../../resources/kinds.ts';
import { compareText } from '../resource-order.ts';

/** Istio's default. */
const defaultPolicy: TrafficPolicy = { loadBalancing: { kind: 'least-request' } };

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

/** The load balancer, each part of the connection pool and the outlier detection are each taken whole from one place. */
function trafficPolicy(spec: TrafficPolicySpec | undefined, inherited: TrafficPolicy): TrafficPolicy {
  const { loadBalancing, places, connectTimeoutMs, maxConnections, tcpKeepaliveSeconds, outlierDetection, ...http } =
    inherited;
  const { connectionPool } = spec ?? {};
  const tcp = {
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(tcpKeepaliveSeconds === undefined ? {} : { tcpKeepaliveSeconds }),
  };
  const outliers = spec?.outlierDetection === undefined ? outlierDetection : ownOutliers(spec.outlierDetection);
  return {
    loadBalancing: ownLoadBalancing(spec?.loadBalancer) ?? loadBalancing,
    ...placesOf(spec?.loadBalancer, places),
    ...(connectionPool?.tcp === undefined ? tcp : tcpPool(connectionPool.tcp)),
    ...(connectionPool?.http === undefined ? http : httpPool(connectionPool.http)),
    ...(outliers === undefined ? {} : { outlierDetection: outliers }),
  };
}

type ConnectionPool = NonNullable<TrafficPolicySpec['connectionPool']>;

type TcpPool = Pick<TrafficPolicy, 'connectTimeoutMs' | 'maxConnections' | 'tcpKeepaliveSeconds'>;

function tcpPool({ connectTimeout, maxConnections, tcpKeepalive }: NonNullable<ConnectionPool['tcp']>): TcpPool {
  return {
    ...(connectTimeout === undefined ? {} : { connectTimeoutMs: connectTimeout }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(tcpKeepalive?.time === undefined ? {} : { tcpKeepaliveSeconds: tcpKeepalive.time }),
  };
}

/** 0 is what Istio takes for nothing being said. */
function httpPool(http: NonNullable<ConnectionPool['http']>): Partial<TrafficPolicy> {
  const { http2MaxRequests, http1MaxPendingRequests, maxRetries, maxRequestsPerConnection, idleTimeout } = http;
  return {
    ...(http2MaxRequests ? { maxRequests: http2MaxRequests } : {}),
    ...(http1MaxPendingRequests ? { maxPendingRequests: http1MaxPendingRequests } : {}),
    ...(maxRetries ? { maxRetries } : {}),
    ...(maxRequestsPerConnection ? { maxRequestsPerConnection } : {}),
    ...(idleTimeout === undefined ? {} : { httpIdleTimeoutMs: idleTimeout }),
  };
}

/** As Istio reads it: of answers, the 5xx count unless it is said otherwise; in `consecutiveErrors`, those of gateways. */
function ownOutliers(spec: OutlierDetectionSpec): OutlierDetection {
  const { interval, baseEjectionTime, maxEjectionPercent, consecutiveLocalOriginFailures: local } = spec;
  const splitsLocalOrigin = spec.splitExternalLocalOriginErrors === true;
  const old = spec.consecutiveErrors === 0 ? undefined : spec.consecutiveErrors;
  const consecutive5xx = spec.consecutive5xxErrors ?? (old === undefined ? undefined : 0);
  const gateways = spec.consecutiveGatewayErrors ?? old;
  return {
    splitsLocalOrigin,
    minHealthPercent: spec.minHealthPercent ?? 0,
    ...(consecutive5xx === undefined ? {} : { consecutive5xx }),
    ...(gateways === undefined ? {} : { consecutiveGatewayErrors: gateways }),
    ...(splitsLocalOrigin && local !== undefined ? { consecutiveLocalOriginFailures: local } : {}),
    ...(interval === undefined ? {} : { intervalMs: interval }),
    ...(baseEjectionTime === undefined ? {} : { baseEjectionMs: baseEjectionTime }),
    ...(maxEjectionPercent === undefined ? {} : { maxEjectionPercent }),
  };
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

function placesOf(spec: LoadBalancer | undefined, inherited: PlacePreference | undefined) {
  const setting = spec?.localityLbSetting;
  const places = setting === undefined ? inherited : placePreference(setting);
  return places === undefined ? {} : { places };
}

function placePreference(setting: LocalityLbSettingSpec): PlacePreference {
  const { enabled = true, distribute = [], failover = [], failoverPriority = [] } = setting;
  return {
    isEnabled: enabled,
    shares: distribute.map(({ from = '*', to = {} }) => ({
      from,
      to: Object.entries(to)
        .map(([place, percent]) => ({ place, percent }))
        .sort((a, b) => compareText(a.place, b.place)),
    })),
    nextRegions: Object.fromEntries(failover.map(({ from = '', to = '' }) => [from, to])),
    order: failoverPriority.flatMap((label) => partOf.get(label) ?? []),
  };
}

const partOf: ReadonlyMap<string, PlacePart> = new Map(Object.entries(placeLabels));

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
  return withEach(policy, inTurn);
}

/**
 * With what the service itself says it takes, which goes before what its callers' rules say: of the host, and of each
 * of its ports and subsets.
 */
export function withBounds(policy: HostPolicy, { connectTimeout, ...bounds }: ConnectionBounds): HostPolicy {
  const timeout = connectTimeout === undefined ? {} : { connectTimeoutMs: connectTimeout };
  return withEach(policy, (own) => ({ ...own, ...bounds, ...timeout }));
}

/** With what holds where nothing is said, so that readers of the mesh see it. */
export function withDefaults(policy: HostPolicy): HostPolicy {
  return withEach(policy, ({ loadBalancing, ...own }) => ({
    loadBalancing,
    connectTimeoutMs: defaultConnectTimeoutMs,
    ...own,
  }));
}

/** With what is said of one port. */
export function withPortBounds(policy: HostPolicy, port: number, bounds: ConnectionBounds): HostPolicy {
  const { policy: own } = withBounds(ofPort(policy, port), bounds);
  return { ...policy, portPolicies: { ...policy.portPolicies, [port]: own } };
}

/** A port as if it were the whole host. */
export function ofPort(policy: HostPolicy, port: number): HostPolicy {
  return { ...policy, policy: policy.portPolicies[port] ?? policy.policy, portPolicies: {}, subsets: [] };
}

/** Names of the bounds that a rule sets to something else somewhere. */
export function overriddenBounds(policy: HostPolicy, { connectTimeout, ...bounds }: ConnectionBounds): string[] {
  const all = [policy.policy, ...Object.values(policy.portPolicies), ...policy.subsets.map((subset) => subset.policy)];
  const isOther = (own: number | undefined, bound: number | undefined) => own !== undefined && own !== bound;
  const isOtherTimeout = all.some(({ connectTimeoutMs }) => isOther(connectTimeoutMs, connectTimeout));
  return [
    ...boundNames.filter((name) => bounds[name] !== undefined && all.some((one) => isOther(one[name], bounds[name]))),
    ...(connectTimeout !== undefined && isOtherTimeout ? ['connectTimeout'] : []),
  ];
}

const boundNames = [
  'maxConnections',
  'maxRequests',
  'maxPendingRequests',
  'maxRetries',
  'maxRequestsPerConnection',
] as const;

function withEach(policy: HostPolicy, change: (one: TrafficPolicy) => TrafficPolicy): HostPolicy {
  const portPolicies = Object.entries(policy.portPolicies).map(([port, own]) => [port, change(own)] as const);
  return {
    ...policy,
    policy: change(policy.policy),
    portPolicies: Object.fromEntries(portPolicies),
    subsets: policy.subsets.map((subset) => ({ ...subset, policy: change(subset.policy) })),
  };
}

function inTurn(policy: TrafficPolicy): TrafficPolicy {
  return policy.loadBalancing.kind === 'least-request' ? { ...policy, loadBalancing: { kind: 'round-robin' } } : policy;
}
