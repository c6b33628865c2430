/**
 * policy.openservicemesh.io and config.openservicemesh.io, as Open Service Mesh published them: one hub form a kind.
 * Durations are milliseconds; an empty list narrows nothing unless its field says otherwise.
 */
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
