/** What commands ask of the composition roots in main/. The command tree knows nothing of how a control plane is wired. */

import type { AccessView } from '../model/access-view.ts';
import type { Locality } from '../model/endpoint.ts';
import type { ExitCode } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { Identity } from '../model/identity.ts';
import type { IdentityView } from '../model/identity-view.ts';
import type { Interception } from '../model/proxy.ts';
import type { RegistryStatus } from '../model/registry.ts';
import type { ServiceSummary } from '../model/service-summary.ts';

export interface RunOptions {
  readonly files: readonly string[];
  readonly xds: string;
  /** Absent: xDS is not served over TLS. */
  readonly xdsTls?: string;
  readonly admin: string;
  readonly stateFolder: string;
  readonly insecureXds: boolean;
  readonly insecureIdentities: boolean;
  /** Seconds. */
  readonly registryWait: number;
  readonly adminTokenFile?: string;
  readonly dns?: string;
  readonly dnsUpstream?: readonly string[];
  readonly dnsAllow?: readonly string[];
  readonly dnsSuffix?: readonly string[];
  /** Seconds. */
  readonly dnsTtl: number;
  /** Seconds. */
  readonly dnsNegativeTtl: number;
  readonly logFormat: 'text' | 'json';
  readonly logLevel: LogLevel;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where a proxy is asked when neither --admin nor its bootstrap file says. */
export const DEFAULT_PROXY_ADMIN = '127.0.0.1:15000';

export interface ProxyRunOptions {
  readonly xds?: string;
  /** xDS over TLS, by the certificate in `certificates`. */
  readonly xdsTls?: string;
  /** A folder. */
  readonly certificates?: string;
  /** With it the first certificate is asked for. */
  readonly tokenFile?: string;
  readonly roots?: string;
  readonly trustDomain: string;
  readonly rootNamespace: string;
  readonly node?: string;
  readonly bootstrap?: string;
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Modules with codecs of the user's own. */
  readonly codecs: readonly string[];
  /** Absent: the bootstrap file's, or else the default. */
  readonly admin?: string;
  readonly adminTokenFile?: string;
  readonly concurrency: number;
  readonly drainSeconds: number;
  readonly logFormat: 'text' | 'json';
  readonly logLevel: LogLevel;
}

/** A bootstrap for a stock Envoy: either `xds`, or `xdsTls` with `certificates`. */
export interface EnvoyBootstrapWish {
  readonly workload: {
    readonly name: string;
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly addresses: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
    /** Absent: its proxy binds each of its listeners. */
    readonly interception?: Interception;
    readonly locality?: Locality;
  };
  /** By which rules of redirection tell what the proxy itself sends. */
  readonly mark?: number;
  readonly xds?: string;
  readonly xdsTls?: string;
  /** A folder. */
  readonly certificates?: string;
  /** With it the first certificate is asked for. */
  readonly tokenFile?: string;
  readonly roots?: string;
  readonly trustDomain: string;
  readonly rootNamespace: string;
  readonly admin: string;
  readonly strict: boolean;
}

/** Whose certificates are renewed, and where. */
export interface CertificateKeepingWish {
  readonly xdsTls: string;
  /** A folder. */
  readonly certificates: string;
  readonly rootNamespace: string;
  readonly logFormat: 'text' | 'json';
  readonly logLevel: LogLevel;
}

/** For whom a bootstrap token is to be good, and how long. */
export interface TokenWish {
  readonly identity: Identity;
  readonly lifetimeMs: number;
}

/** A proxy to translate for, as its node would state it. */
export interface OfflineProxy {
  readonly id: string;
  readonly kind: string;
  /** Whose workload it stands beside; empty for nobody's. */
  readonly serviceAccount: string;
  readonly interception?: Interception;
  readonly locality?: Locality;
}

/** Manifests taken through the whole pipeline once, without a server. */
export interface OfflineMesh {
  /** In force after what was asked before: translating may find more. */
  findings(): Promise<readonly Finding[]>;
  readonly resourceCount: number;
  readonly serviceCount: number;
  /** The mesh model as plain values, deterministic. */
  model(): unknown;
  services(): readonly ServiceSummary[];
  /** Throws BAD_DATA where there is no such service. `namespace`: as it is called from there. */
  access(host: string, namespace: string | undefined): AccessView;
  /** Throws BAD_DATA where it is none. */
  identity(written: string): IdentityView;
  /** Istio objects, each a plain value. */
  istio(): readonly unknown[];
  /** What a proxy of this node id and kind would be sent, by type, as proto JSON. */
  xds(proxy: OfflineProxy): unknown;
}

/** What a registry would become, read once. */
export interface RegistryCheck {
  readonly status: RegistryStatus;
  readonly services: readonly BridgedService[];
  readonly findings: readonly Finding[];
}

/** A registered service and the host that it became. */
export interface BridgedService {
  /** `namespace/group/name`, without what is empty. */
  readonly service: string;
  /** Absent where it was refused. */
  readonly host?: string;
  /** The object that defines the host, where that is not this registry's: its instances are endpoints of it. */
  readonly definedBy?: string;
  /** Virtual IPs. */
  readonly addresses: readonly string[];
  readonly instances: number;
  /** Instances that are not unhealthy or taken out. */
  readonly up: number;
  /** Instances that trust refuses; they are not counted in `instances`. */
  readonly refused: number;
  /** Clients that ask the registry itself, as far as it tells. */
  readonly callers: readonly string[];
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface Actions {
  run(options: RunOptions): Promise<ExitCode>;
  proxy(options: ProxyRunOptions): Promise<ExitCode>;
  /** Its content, as plain values; certificates that it names are in place. */
  makeEnvoyBootstrap(wish: EnvoyBootstrapWish): Promise<object>;
  /** Until a signal. */
  keepProxyCertificates(wish: CertificateKeepingWish): Promise<ExitCode>;
  loadOffline(files: readonly string[]): Promise<OfflineMesh>;
  /** A bootstrap token, by the keys in the state folder of a control plane. */
  createToken(stateFolder: string, content: TokenWish): Promise<string>;
  /** What proxies trust, PEM, by the state folder of a control plane. */
  readRoots(stateFolder: string): Promise<string>;
  checkRegistry(
    files: readonly string[],
    registry: string | undefined,
    timeoutMs: number,
    progress: (text: string) => void,
  ): Promise<RegistryCheck>;
}

/** How a command says with which code the program is to end. */
export type Settle = (code: ExitCode) => void;
