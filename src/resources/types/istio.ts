/** networking.istio.io/v1, v1beta1, v1alpha3. */
import type { Resource } from './resource.ts';

export interface WorkloadSpec {
  readonly address?: string;
  readonly ports?: Readonly<Record<string, number>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly network?: string;
  readonly locality?: string;
  readonly weight?: number;
  readonly serviceAccount?: string;
}

export interface ServiceEntryPort {
  readonly number: number;
  readonly name: string;
  readonly protocol?: string;
  readonly targetPort?: number;
}

/** An address that Istio gave to a host of a ServiceEntry; older versions of Istio do not say which. */
export interface AllocatedAddress {
  readonly address: string;
  readonly host?: string;
}

export type ServiceEntry = Resource<
  'ServiceEntry',
  {
    readonly hosts: readonly string[];
    readonly addresses?: readonly string[];
    /** Which Istio gave to its hosts, as its status says. */
    readonly allocated?: readonly AllocatedAddress[];
    readonly ports: readonly ServiceEntryPort[];
    readonly location: 'MESH_EXTERNAL' | 'MESH_INTERNAL';
    readonly resolution: 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS';
    readonly endpoints?: readonly WorkloadSpec[];
    readonly workloadSelector?: { readonly labels: Readonly<Record<string, string>> };
    readonly exportTo?: readonly string[];
    readonly subjectAltNames?: readonly string[];
  }
>;

export type WorkloadEntry = Resource<'WorkloadEntry', WorkloadSpec>;

export type WorkloadGroup = Resource<
  'WorkloadGroup',
  {
    readonly metadata?: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly template: WorkloadSpec;
    readonly probe?: Readonly<Record<string, unknown>>;
  }
>;

export interface OutlierDetectionSpec {
  /** The old name of consecutiveGatewayErrors. */
  readonly consecutiveErrors?: number;
  readonly splitExternalLocalOriginErrors?: boolean;
  readonly consecutiveLocalOriginFailures?: number;
  readonly consecutiveGatewayErrors?: number;
  readonly consecutive5xxErrors?: number;
  /** Milliseconds. */
  readonly interval?: number;
  /** Milliseconds. */
  readonly baseEjectionTime?: number;
  readonly maxEjectionPercent?: number;
  readonly minHealthPercent?: number;
}

export interface LocalityLbSettingSpec {
  /** Each with a place, of which `*` is any, and percents by place. */
  readonly distribute?: readonly { readonly from?: string; readonly to?: Readonly<Record<string, number>> }[];
  /** Of regions. */
  readonly failover?: readonly { readonly from?: string; readonly to?: string }[];
  /** Names of labels, the first of which weighs most. */
  readonly failoverPriority?: readonly string[];
  readonly enabled?: boolean;
}

export interface TrafficPolicySpec {
  readonly loadBalancer?: {
    readonly simple?: 'UNSPECIFIED' | 'LEAST_CONN' | 'LEAST_REQUEST' | 'RANDOM' | 'PASSTHROUGH' | 'ROUND_ROBIN';
    readonly consistentHash?: {
      readonly httpHeaderName?: string;
      readonly httpCookie?: Readonly<Record<string, unknown>>;
      readonly useSourceIp?: boolean;
      readonly httpQueryParameterName?: string;
      readonly ringHash?: { readonly minimumRingSize?: number };
      readonly maglev?: { readonly tableSize?: number };
      readonly minimumRingSize?: number;
    };
    readonly localityLbSetting?: LocalityLbSettingSpec;
    readonly warmup?: Readonly<Record<string, unknown>>;
    /** Milliseconds, in spite of its name. */
    readonly warmupDurationSecs?: number;
  };
  readonly connectionPool?: {
    readonly tcp?: {
      readonly maxConnections?: number;
      /** Milliseconds. */
      readonly connectTimeout?: number;
      /** Seconds, whole ones as TCP counts them. */
      readonly tcpKeepalive?: { readonly probes?: number; readonly time?: number; readonly interval?: number };
      /** Milliseconds. */
      readonly maxConnectionDuration?: number;
      /** Milliseconds. */
      readonly idleTimeout?: number;
    };
    readonly http?: {
      readonly http1MaxPendingRequests?: number;
      readonly http2MaxRequests?: number;
      readonly maxRequestsPerConnection?: number;
      readonly maxRetries?: number;
      readonly maxConcurrentStreams?: number;
      /** Milliseconds. */
      readonly idleTimeout?: number;
      readonly h2UpgradePolicy?: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE';
      readonly useClientProtocol?: boolean;
    };
  };
  readonly outlierDetection?: OutlierDetectionSpec;
  readonly tls?: Readonly<Record<string, unknown>>;
  readonly portLevelSettings?: readonly (TrafficPolicySpec & { readonly port: { readonly number: number } })[];
  readonly tunnel?: Readonly<Record<string, unknown>>;
  readonly proxyProtocol?: Readonly<Record<string, unknown>>;
}

export type DestinationRule = Resource<
  'DestinationRule',
  {
    readonly host: string;
    readonly trafficPolicy?: TrafficPolicySpec;
    readonly subsets?: readonly {
      readonly name: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly trafficPolicy?: TrafficPolicySpec;
    }[];
    readonly exportTo?: readonly string[];
    readonly workloadSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
  }
>;
