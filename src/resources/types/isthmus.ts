/** isthmus.dev/v1alpha1: all but registries. */
import type { MigrationStage } from '../../model/migration.ts';
import type { Resource } from './resource.ts';

/** `spec` is the description that codecs/declarative compiles; it has been compiled once when it gets here. */
export type ProtocolCodec = Resource<'ProtocolCodec', Readonly<Record<string, unknown>>>;

export type MeshConfig = Resource<
  'MeshConfig',
  {
    readonly trustDomain: string;
    readonly clusterDomain: string;
    readonly rootNamespace: string;
    /** Of Open Service Mesh: its MeshConfig is heeded there alone. */
    readonly osmNamespace: string;
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
    /** Without a mode, Open Service Mesh's MeshConfig says it; without one, Disabled. */
    readonly access: { readonly mode?: 'Disabled' | 'Permissive' | 'Enforced' };
    readonly certificates: MeshCertificates;
    /** Other trust domains, each with the file of its roots. */
    readonly trustBundles: readonly { readonly trustDomain: string; readonly file: string }[];
    /** Beside Istio alone. */
    readonly istio?: IstioSpec;
  }
>;

export interface IstioSpec {
  readonly rootNamespace: string;
  readonly metaProtocolProxies?: ProxyScopeSpec;
  readonly kafkaProxies?: ProxyScopeSpec;
  /** Percent. */
  readonly tracing?: { readonly sampling: number };
}

/** At most one of them. */
export interface ProxyScopeSpec {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly all?: boolean;
}

export interface MeshCertificates {
  /** Absent: MeshRootCertificates say it. */
  readonly issuer?: 'BuiltIn' | 'Files' | 'Vault';
  /** Milliseconds; absent for what else says it. */
  readonly lifetime?: number;
  /** Milliseconds. */
  readonly settle: number;
  readonly files?: {
    readonly folder: string;
    readonly roots: string;
    readonly certificate: string;
    readonly key: string;
    readonly chain: string;
  };
  readonly vault?: {
    readonly address: string;
    readonly mount: string;
    readonly role: string;
    readonly tokenFile: string;
    readonly caFile?: string;
    readonly namespace?: string;
  };
  readonly secretsFolder?: string;
}

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
