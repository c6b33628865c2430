/** How callers use a host's connections: what a DestinationRule says, for the host as a whole and for each subset. */
import type { RuleOrigin } from './route.ts';

export type LoadBalancing =
  | { readonly kind: 'round-robin' }
  | { readonly kind: 'least-request' }
  | { readonly kind: 'random' }
  | { readonly kind: 'passthrough' }
  | {
      readonly kind: 'consistent-hash';
      readonly algorithm: 'ring-hash' | 'maglev';
      /** The property (httpHeaderName) whose value is hashed; undefined when the rule hashes something MetaProtocol has not. */
      readonly property?: string;
      readonly minimumRingSize?: number;
      readonly tableSize?: number;
    };

/** Who fails is left out for a while. What is absent is as proxies have it. */
export interface OutlierDetection {
  /** So many failures in a row, of each kind; 0: not for that. */
  readonly consecutive5xx?: number;
  readonly consecutiveGatewayErrors?: number;
  /** Failures to connect and the like, where they are counted apart from answers. */
  readonly consecutiveLocalOriginFailures?: number;
  readonly splitsLocalOrigin: boolean;
  readonly intervalMs?: number;
  readonly baseEjectionMs?: number;
  /** Of the endpoints. */
  readonly maxEjectionPercent?: number;
  /** While fewer than that are left, nobody is left out; 0: never so. */
  readonly minHealthPercent: number;
}

/** One part of where something is. */
export type PlacePart = 'region' | 'zone' | 'subzone';

/** Which endpoints callers turn to first, by where both are. */
export interface PlacePreference {
  /** False: all endpoints are as near to everybody. */
  readonly isEnabled: boolean;
  /** The first that is for a caller's place says how much of its traffic goes where; what it does not name gets none. */
  readonly shares: readonly PlaceShares[];
  /** The region that comes after one's own, by the name of that. */
  readonly nextRegions: Readonly<Record<string, string>>;
  /** What has to be alike, the first weighing most; empty: zone, then region. */
  readonly order: readonly PlacePart[];
}

/** Places are `region/zone/subzone`, of which `*` is any, and what is left out. */
export interface PlaceShares {
  readonly from: string;
  readonly to: readonly { readonly place: string; readonly percent: number }[];
}

/** Istio's. */
export const defaultConnectTimeoutMs = 10_000;

/** What is absent bounds nothing. */
export interface TrafficPolicy {
  readonly loadBalancing: LoadBalancing;
  /** Absent: what is near comes first. */
  readonly places?: PlacePreference;
  /** Absent: nothing is said, and `defaultConnectTimeoutMs` holds. 0: as proxies have it. */
  readonly connectTimeoutMs?: number;
  readonly maxConnections?: number;
  readonly tcpKeepaliveSeconds?: number;
  /** Of requests in flight, that wait for a connection, and that are tried again. */
  readonly maxRequests?: number;
  readonly maxPendingRequests?: number;
  readonly maxRetries?: number;
  readonly maxRequestsPerConnection?: number;
  /** Of connections without a request, in milliseconds. */
  readonly httpIdleTimeoutMs?: number;
  readonly outlierDetection?: OutlierDetection;
}

/** Whether something is said of requests, which a proxy has to read for it. */
export function boundsRequests(policy: TrafficPolicy): boolean {
  const { maxRequests, maxPendingRequests, maxRetries, maxRequestsPerConnection, httpIdleTimeoutMs } = policy;
  const bounds = [maxRequests, maxPendingRequests, maxRetries, maxRequestsPerConnection, httpIdleTimeoutMs];
  return policy.outlierDetection !== undefined || bounds.some((bound) => bound !== undefined);
}

export interface Subset {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly policy: TrafficPolicy;
}

/** The rule in force for one service. Subsets inherit what they do not say from the host's policy. */
export interface HostPolicy {
  /** The service key. */
  readonly key: string;
  /** Who wrote the rule; none where nobody wrote one. */
  readonly origin?: RuleOrigin;
  /** What another object says before the rule, of the host as a whole: the fields, and who wrote them. */
  readonly overridden?: { readonly origin: RuleOrigin; readonly fields: readonly string[] };
  readonly policy: TrafficPolicy;
  /** Policies that hold for one port only, by port number. */
  readonly portPolicies: Readonly<Record<number, TrafficPolicy>>;
  /** Sorted by name. */
  readonly subsets: readonly Subset[];
}
