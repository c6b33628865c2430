/** isthmus.dev/v1alpha1: ServiceRegistry. */
import type { Resource } from './resource.ts';

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
