/** The assembled model that translators read: one service with everything that its callers, or its own proxy, need. */
import type { AccessRule } from './access.ts';
import type { EgressPort } from './egress.ts';
import type { ObjectRef } from './finding.ts';
import type { PortIngress } from './ingress.ts';
import type { IstioSettings } from './istio-settings.ts';
import type { Protocol } from './protocol.ts';
import type {
  AccessLogSettings,
  ExternalAuthorization,
  TlsSettings,
  Tracing,
  TrafficExclusions,
} from './proxy-settings.ts';
import type { RequestPolicy } from './request-policy.ts';
import type { CallerRetry } from './retry.ts';
import type { GlobalRateLimit, LocalRateLimit, RouteTable, RuleOrigin } from './route.ts';
import type { PlainProtocol, Service, ServiceKey, ServicePort } from './service.ts';
import type { TokenRule } from './token-rules.ts';
import type { InboundLimits } from './traffic-limits.ts';
import type { HostPolicy } from './traffic-policy.ts';
import type { PortSplit } from './traffic-split.ts';

/** A port's protocol as far as a proxy is concerned. `description` is a ProtocolCodec's spec; absent for built-in codecs. */
export interface PortCodec {
  readonly protocol: Protocol;
  readonly description?: Readonly<Record<string, unknown>>;
}

export interface MeshPort {
  readonly port: ServicePort;
  /** Present for a MetaProtocol port whose application protocol is registered. Absent: plain TCP, and a finding. */
  readonly codec?: PortCodec;
  /** Present for a MetaProtocol port: the MetaRouter's routes, or one default route. */
  readonly routes?: RouteTable;
  /** Present for any other port that a TrafficSplit is for. Of a MetaProtocol port, the routes say it. */
  readonly split?: PortSplit;
}

export interface MeshService {
  readonly service: Service;
  /** IP addresses that callers dial: those the user wrote (CIDRs left out), else the leased pair. May be empty. */
  readonly addresses: readonly string[];
  readonly ports: readonly MeshPort[];
  readonly policy: HostPolicy;
  /** Whether another namespace declares the host as well: callers of each namespace get their own first. */
  readonly contested?: boolean;
  /** Absent where the mesh speaks plaintext with it. */
  readonly security?: ServiceSecurity;
  /** In place of those of `security`, where a split leads to services that others may call: who sees the listeners. */
  readonly splitCallers?: readonly string[] | 'any';
  /** Callers whose requests are tried again, in order of their ids; absent where nobody asks for it. */
  readonly retries?: readonly CallerRetry[];
  /** Of a host outside the mesh that Egress policies name: all that may be known of it, and by whom. */
  readonly egress?: readonly EgressPort[];
  /** Where other hosts have the same address and port: callers are told apart by the name that they ask for in TLS. */
  readonly sharedAt?: readonly { readonly address: string; readonly port: number }[];
  /** Addresses and ports that proxies do not listen for. */
  readonly leftAlone?: { readonly addresses: readonly string[]; readonly ports: readonly number[] };
}

/** Who stands behind a service, and who may call it. What is empty trusts nobody. */
export interface ServiceSecurity {
  readonly key: ServiceKey;
  /** SPIFFE ids of its workloads, sorted. */
  readonly identities: readonly string[];
  /** SPIFFE ids, sorted; any: whoever has a certificate of the mesh. */
  readonly callers: readonly string[] | 'any';
  readonly tls?: TlsSettings;
}

/** What an inbound port demands of its callers. */
export interface InboundGuard {
  /** The SPIFFE id of the workload. */
  readonly identity: string;
  /** Absent where each workload of the mesh may call. */
  readonly rules?: readonly AccessRule[];
  /** Some policy lets nobody in, whatever else is granted: from outside the mesh neither. */
  readonly isClosed?: true;
  /** What narrows that further, where requests have properties; absent where nothing does. */
  readonly policies?: readonly RequestPolicy[];
  readonly tls?: TlsSettings;
}

/** What the proxy beside a workload listens for: one address and target port that belongs to a service. */
export interface InboundPort {
  /** `<address>|<target port>`. */
  readonly key: string;
  readonly address: string;
  readonly targetPort: number;
  readonly host: string;
  readonly namespace: string;
  /** Who declared the service. */
  readonly declaredBy: ObjectRef;
  readonly port: ServicePort;
  readonly codec?: PortCodec;
  readonly localRateLimit?: LocalRateLimit;
  readonly globalRateLimit?: GlobalRateLimit;
  /** Absent where nothing is bounded. */
  readonly limits?: InboundLimits;
  /** Whose tokens requests may carry; absent where nobody looks at them. */
  readonly tokens?: readonly TokenRule[];
  /** Absent where the mesh speaks plaintext with it. */
  readonly guard?: InboundGuard;
  /** In place of that of the mesh. */
  readonly telemetry?: AccessLogSettings;
  /** What it takes from outside the mesh as well. */
  readonly ingress?: PortIngress;
  /** With an ingress: the ports of services by which the mesh calls it, in order of service keys. */
  readonly calledAs?: readonly { readonly host: string; readonly port: number }[];
  /** Who wrote the limits. */
  readonly origin?: RuleOrigin;
}

/** Settings of the whole mesh that shape what proxies are told. */
export interface MeshSettings {
  /** The objects that say them; absent where none does. */
  readonly writtenBy?: readonly ObjectRef[];
  readonly trustDomain: string;
  /** Whose callers may be let in as well, sorted; absent where there is none. */
  readonly otherDomains?: readonly string[];
  readonly clusterDomain: string;
  readonly rootNamespace: string;
  /** Empty path: no access log. */
  readonly accessLog: { readonly path: string; readonly encoding: 'TEXT' | 'JSON'; readonly format?: string };
  /** Milliseconds; 0 means none. */
  readonly idleTimeoutMs: number;
  readonly access: AccessMode;
  /** Of the mesh's own connections; absent for TLS 1.2 and 1.3. */
  readonly tls?: TlsSettings;
  readonly externalAuthorization?: ExternalAuthorization;
  readonly tracing?: Tracing;
  readonly exclusions?: TrafficExclusions;
  /** Connections for nobody in the mesh are passed on where they are redirected to proxies. */
  readonly passesElsewhere?: true;
  /** In place of `accessLog`: that of a Telemetry. */
  readonly telemetry?: AccessLogSettings;
  /** How long certificates of workloads live, in milliseconds; absent for what the authority takes. */
  readonly leafLifetimeMs?: number;
  /** What ports of Kubernetes Services speak whose names and owners do not say it; TCP where absent. */
  readonly unsaidProtocol?: PlainProtocol;
  /** Where policies stand that are for the whole mesh, beside the root namespace. */
  readonly policyNamespace?: string;
  /** Kinds of policies that are switched off. */
  readonly disabledPolicies?: readonly ('Egress' | 'IngressBackend')[];
  /** Where Istio is beside us; absent for the defaults. */
  readonly istio?: IstioSettings;
}

/** Disabled: plaintext. Permissive: mutual TLS, and each workload may call every other. Enforced: only what is permitted. */
export const accessModes = ['Disabled', 'Permissive', 'Enforced'] as const;

export type AccessMode = (typeof accessModes)[number];
