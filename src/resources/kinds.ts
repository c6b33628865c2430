/**
 * The API kinds as the rest of the product sees them: parsed, defaulted and validated, so that nothing downstream
 * checks again. Field names are those of the published APIs; an absent optional field is an absent property.
 */
import type { Place } from '../model/finding.ts';
import type { MigrationStage } from '../model/migration.ts';

export interface Metadata {
  /** Empty for cluster-wide kinds. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; absent for files, where age is unknown. */
  readonly created?: number;
  readonly place?: Place;
}

interface Resource<Kind extends string, Spec> {
  readonly kind: Kind;
  readonly apiVersion: string;
  /** `<kind>/<namespace>/<name>`: unique among all resources, without the version. */
  readonly key: string;
  readonly metadata: Metadata;
  readonly spec: Spec;
}

// metaprotocol.aeraki.io/v1alpha1

export type ApplicationProtocol = Resource<
  'ApplicationProtocol',
  { readonly protocol: string; readonly codec: string }
>;

/** `{}` and null mean "present"; exactly one of the three otherwise. */
export interface StringMatchSpec {
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
}

export interface DestinationSpec {
  readonly host: string;
  readonly subset?: string;
  readonly port?: { readonly number: number };
}

export interface MatchSpec {
  readonly attributes?: Readonly<Record<string, StringMatchSpec | null>>;
}

export interface KeyValueSpec {
  readonly key: string;
  readonly value: string;
}

export interface MetaRouteSpec {
  readonly name?: string;
  readonly match?: MatchSpec;
  readonly route: readonly { readonly destination: DestinationSpec; readonly weight?: number }[];
  readonly mirror?: DestinationSpec;
  readonly mirrorPercentage?: { readonly value: number };
  readonly requestMutation?: readonly KeyValueSpec[];
  readonly responseMutation?: readonly KeyValueSpec[];
}

/** Durations are milliseconds once parsed. */
export interface TokenBucketSpec {
  readonly maxTokens: number;
  readonly tokensPerFill: number;
  readonly fillInterval: number;
}

export interface LocalRateLimitSpec {
  readonly tokenBucket?: TokenBucketSpec;
  readonly conditions?: readonly { readonly match: MatchSpec; readonly tokenBucket: TokenBucketSpec }[];
}

export interface GlobalRateLimitSpec {
  readonly match?: MatchSpec;
  readonly domain: string;
  /** Milliseconds; 20 when not written. */
  readonly requestTimeout: number;
  readonly denyOnFail: boolean;
  readonly rateLimitService: string;
  readonly descriptors: readonly { readonly property: string; readonly descriptorKey: string }[];
}

export type MetaRouter = Resource<
  'MetaRouter',
  {
    readonly hosts: readonly string[];
    readonly gateways?: readonly string[];
    readonly routes?: readonly MetaRouteSpec[];
    readonly localRateLimit?: LocalRateLimitSpec;
    readonly globalRateLimit?: GlobalRateLimitSpec;
    readonly exportTo?: readonly string[];
  }
>;

// networking.istio.io/v1, v1beta1, v1alpha3

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

export type ServiceEntry = Resource<
  'ServiceEntry',
  {
    readonly hosts: readonly string[];
    readonly addresses?: readonly string[];
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
    readonly localityLbSetting?: Readonly<Record<string, unknown>>;
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
    readonly http?: Readonly<Record<string, unknown>>;
  };
  readonly outlierDetection?: Readonly<Record<string, unknown>>;
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

// v1 and discovery.k8s.io/v1

export interface KubernetesServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly targetPort?: number | string;
  readonly appProtocol?: string;
}

export type KubernetesService = Resource<
  'Service',
  {
    readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
    readonly clusterIPs: readonly string[];
    readonly ports: readonly KubernetesServicePort[];
    readonly selector?: Readonly<Record<string, string>>;
    readonly externalName?: string;
    readonly publishNotReadyAddresses: boolean;
  }
>;

/** The whole object is its content: an EndpointSlice has no spec. */
export type EndpointSlice = Resource<
  'EndpointSlice',
  {
    readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
    /** From the label kubernetes.io/service-name; empty when it has none. */
    readonly serviceName: string;
    readonly endpoints: readonly {
      readonly addresses: readonly string[];
      readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
      readonly zone?: string;
      readonly nodeName?: string;
      readonly targetRef?: { readonly kind: string; readonly namespace?: string; readonly name: string };
    }[];
    readonly ports: readonly {
      readonly name: string;
      readonly port: number;
      readonly protocol: 'TCP' | 'UDP' | 'SCTP';
      readonly appProtocol?: string;
    }[];
  }
>;

export type Namespace = Resource<'Namespace', Readonly<Record<string, never>>>;

// isthmus.dev/v1alpha1

/** `spec` is the description that codecs/declarative compiles; it has been compiled once when it gets here. */
export type ProtocolCodec = Resource<'ProtocolCodec', Readonly<Record<string, unknown>>>;

export type MeshConfig = Resource<
  'MeshConfig',
  {
    readonly trustDomain: string;
    readonly clusterDomain: string;
    readonly rootNamespace: string;
    readonly virtualIps: {
      /** CIDRs; an empty list switches the family off. */
      readonly ipv4: readonly string[];
      readonly ipv6: readonly string[];
      /** Milliseconds. */
      readonly quarantine: number;
    };
    readonly accessLog: { readonly path: string; readonly encoding: 'TEXT' | 'JSON'; readonly format?: string };
    /** Milliseconds; 0 means none. */
    readonly idleTimeout: number;
  }
>;

export type RegistryType = 'Polaris' | 'Consul' | 'Nacos' | 'Eureka' | 'ZooKeeper' | 'Etcd' | 'Snapshot';

/** The secrets stand in files or in a Secret; exactly one of token, user name with password, and Secret is named. */
export interface RegistryCredentialsSpec {
  readonly tokenFile?: string;
  readonly usernameFile?: string;
  readonly passwordFile?: string;
  readonly secretRef?: { readonly name: string; readonly namespace: string };
}

export interface RegistryTlsSpec {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
  readonly insecureSkipVerify: boolean;
}

/** Empty lists select everything; patterns have `*` for any characters. */
export interface RegistrySelectSpec {
  readonly namespaces: readonly string[];
  readonly groups: readonly string[];
  readonly services: readonly string[];
  readonly exceptServices: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

export interface RegistryMappingSpec {
  /** With `{service}`, `{group}`, `{namespace}`, `{registry}`. */
  readonly host: string;
  /** The mesh namespace. */
  readonly namespace: string;
  readonly port?: number;
  readonly protocols: Readonly<Record<string, string>>;
  readonly labels: readonly string[];
  readonly location: 'MESH_EXTERNAL' | 'MESH_INTERNAL';
  /** Whether what other bridges go by counts: labelled ServiceEntries, and keys of metadata. */
  readonly compatibility: boolean;
}

export interface RegistryTrustSpec {
  readonly hostSuffixes: readonly string[];
  /** CIDRs. */
  readonly addresses: readonly string[];
  readonly minPort: number;
  readonly maxPort: number;
  readonly maxServices: number;
  /** Of one service. */
  readonly maxInstances: number;
  /** Of one instance. */
  readonly maxMetadataBytes: number;
  /** Of services, a minute. */
  readonly maxChanges: number;
}

export interface RegistrySafetySpec {
  /** Milliseconds. */
  readonly grace: number;
  /** Percent of all services. */
  readonly maxLostServices: number;
  /** Percent of the instances of one service. */
  readonly maxLostInstances: number;
  /** Milliseconds. */
  readonly hold: number;
  readonly whenAllUnhealthy: 'Keep' | 'Empty';
}

/** Which mesh services are registered in the registry, and as what. Empty lists and maps select all. */
export interface RegistryPublishSpec {
  /** Patterns of hosts. */
  readonly hosts: readonly string[];
  /** Of the mesh. */
  readonly namespaces: readonly string[];
  /** Of services. */
  readonly labels: Readonly<Record<string, string>>;
  /** The registry's namespace. */
  readonly into: string;
  /** With `{host}`, `{name}`, `{namespace}`. */
  readonly name: string;
  /** What instances bear, so that they are known as ours. */
  readonly publisher: string;
  /** Milliseconds, whole seconds. */
  readonly ttl: number;
  readonly tokenFile?: string;
}

export type ServiceRegistry = Resource<
  'ServiceRegistry',
  {
    readonly type: RegistryType;
    readonly addresses: readonly string[];
    readonly tls?: RegistryTlsSpec;
    readonly credentials?: RegistryCredentialsSpec;
    readonly select: RegistrySelectSpec;
    readonly mapping: RegistryMappingSpec;
    readonly priority: number;
    readonly trust: RegistryTrustSpec;
    readonly safety: RegistrySafetySpec;
    /** Absent where nothing is registered from here. */
    readonly publish?: RegistryPublishSpec;
    /** Milliseconds. */
    readonly interval?: number;
    /** What only one type of registry has. */
    readonly options: Readonly<Record<string, string>>;
  }
>;

export interface MigratedPortSpec {
  readonly from: number;
  readonly to: number;
}

export type MigrationPlan = Resource<
  'MigrationPlan',
  {
    /** Hosts in lower case. */
    readonly host: string;
    readonly to: { readonly host: string; readonly ports: readonly MigratedPortSpec[] };
    readonly alias?: string;
    readonly stage: MigrationStage;
    /** Percent of requests at stage Shift. */
    readonly share?: number;
    /** Percents, ascending. */
    readonly steps: readonly number[];
    /** Milliseconds. */
    readonly quiet: number;
  }
>;

export type AnyResource =
  | ApplicationProtocol
  | MetaRouter
  | ServiceEntry
  | WorkloadEntry
  | WorkloadGroup
  | DestinationRule
  | KubernetesService
  | EndpointSlice
  | Namespace
  | ProtocolCodec
  | MeshConfig
  | ServiceRegistry
  | MigrationPlan;

export type Kind = AnyResource['kind'];

export type ResourceOf<K extends Kind> = Extract<AnyResource, { readonly kind: K }>;

export function resourceKey(kind: Kind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
