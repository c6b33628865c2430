/**
 * policy.openservicemesh.io, as Open Service Mesh published it: one hub form a kind. Its configuration: osm-config.ts.
 * Durations are milliseconds; an empty list narrows nothing unless its field says otherwise.
 */
import type { ConnectionBounds, Descriptor } from '../../model/traffic-limits.ts';
import type { Resource } from './resource.ts';

/** An object of another namespace. */
export interface OsmReference {
  readonly namespace: string;
  readonly name: string;
}

/** What service accounts may reach outside the mesh. Without sources or ports, nothing. */
export type Egress = Resource<
  'Egress',
  {
    /** Service accounts, each once. */
    readonly sources: readonly OsmReference[];
    /** In lower case: names, `*.` and a name, addresses, or `*`. The authority of http, the server name of https. */
    readonly hosts: readonly string[];
    /** Ranges; empty for all addresses. */
    readonly ipAddresses: readonly string[];
    readonly ports: readonly {
      readonly number: number;
      readonly protocol: 'http' | 'https' | 'tcp' | 'tcp-server-first';
    }[];
    /** HTTPRouteGroups of its own namespace; empty for every request. */
    readonly routeGroups: readonly string[];
    /** Of its own namespace. */
    readonly upstreamTrafficSetting?: string;
  }
>;

/** When requests of a service account to services are tried again. */
export type Retry = Resource<
  'Retry',
  {
    readonly source: OsmReference;
    /** Services, each once. */
    readonly destinations: readonly OsmReference[];
    /** Envoy's names, each once. */
    readonly retryOn: readonly string[];
    /** Absent, or 0: as long as the request may take. */
    readonly perTryTimeout?: number;
    readonly numRetries: number;
    /** At least 1. */
    readonly retryBackoffBaseInterval: number;
  }
>;

/** Who may come in from outside the mesh. */
export type IngressSource =
  | { readonly kind: 'Service'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'AuthenticatedPrincipal'; readonly name: string }
  | { readonly kind: 'IPRange'; readonly range: string };

/** A service of the policy's own namespace. */
export interface IngressBackendService {
  readonly name: string;
  /** The target port. */
  readonly port: number;
  /** Of https alone; absent for plain text. */
  readonly tls?: {
    /** False: no certificate is asked for, so that AuthenticatedPrincipals narrow nothing. */
    readonly validatesClients: boolean;
    readonly sniHosts: readonly string[];
  };
}

/** What services of its namespace take from outside the mesh. Without backends or sources, nothing. */
export type IngressBackend = Resource<
  'IngressBackend',
  {
    /** Each name and port once. If one validates its clients, the sources have an AuthenticatedPrincipal. */
    readonly backends: readonly IngressBackendService[];
    readonly sources: readonly IngressSource[];
    /** HTTPRouteGroups of its own namespace; empty for every request. */
    readonly routeGroups: readonly string[];
  }
>;

/** A bucket of tokens: `count` each `per`, and `burst` more at once. Both 0: nothing gets through. */
export interface OsmTokenRate {
  readonly count: number;
  /** Milliseconds: of a second, a minute or an hour. */
  readonly per: number;
  readonly burst: number;
}

/** `status` is one that Envoy knows. */
export interface OsmHttpRate extends OsmTokenRate {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** Where a shared count is kept, and what to do when it does not answer in time. */
export interface OsmRateLimitService {
  readonly host: string;
  readonly port: number;
  readonly domain: string;
  readonly timeout: number;
  readonly failOpen: boolean;
}

/** How much a host takes. What is absent bounds nothing. */
export type UpstreamTrafficSetting = Resource<
  'UpstreamTrafficSetting',
  {
    /** In lower case: a service of its own namespace, its full name, or a host outside the mesh. */
    readonly host: string;
    readonly connections: ConnectionBounds;
    readonly localTcp?: OsmTokenRate;
    readonly localHttp?: OsmHttpRate;
    readonly globalTcp?: {
      readonly service: OsmRateLimitService;
      readonly descriptors: readonly (readonly { readonly key: string; readonly value: string }[])[];
    };
    readonly globalHttp?: {
      readonly service: OsmRateLimitService;
      readonly descriptors: readonly Descriptor[];
      readonly enableXRateLimitHeaders: boolean;
      readonly status: number;
    };
    /** Paths are expressions in the words of an HTTPRouteGroup's match, each once. */
    readonly httpRoutes: readonly {
      readonly path: string;
      readonly local?: OsmHttpRate;
      /** Empty without a global limit. */
      readonly descriptors: readonly Descriptor[];
    }[];
  }
>;

/** What proxies tell of their traffic. */
export type Telemetry = Resource<
  'Telemetry',
  {
    /** Labels of workloads of its own namespace; empty for all. */
    readonly selector: Readonly<Record<string, string>>;
    /** Absent: it sets none. */
    readonly accessLog?: {
      /** Envoy's; absent for the usual one. */
      readonly format?: string;
      readonly openTelemetry?: {
        readonly extensionService: OsmReference;
        readonly attributes: Readonly<Record<string, string>>;
      };
    };
  }
>;
