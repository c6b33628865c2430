/** How much a service takes before its workloads are bothered: what the proxy beside each of them counts. */
import type { RuleOrigin } from './route.ts';

/** A bucket of tokens: `count` each `perMs`, and `burst` more at once. Both 0: nothing gets through. */
export interface TokenRate {
  readonly count: number;
  readonly perMs: number;
  readonly burst: number;
}

/** Of requests; what is too much is answered with the status and these headers. */
export interface HttpRate extends TokenRate {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** One condition on a header, by its name in lower case; `present: false` asks for its absence. */
export type HeaderCondition = { readonly name: string } & (
  | { readonly exact: string }
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly contains: string }
  | { readonly regex: string }
  | { readonly present: boolean }
);

export type DescriptorEntry =
  | { readonly kind: 'genericKey'; readonly key: string; readonly value: string }
  | { readonly kind: 'remoteAddress' }
  | { readonly kind: 'requestHeader'; readonly name: string; readonly key: string }
  | {
      readonly kind: 'headerValueMatch';
      readonly key: string;
      readonly value: string;
      readonly expectMatch: boolean;
      readonly headers: readonly HeaderCondition[];
    };

/** What of a request is counted together. */
export type Descriptor = readonly DescriptorEntry[];

/** Where a count is kept that several proxies share. */
export interface RateLimitService {
  /** A host name or an IP address; the full name of a service where `isService`. */
  readonly host: string;
  readonly port: number;
  /** Whether it is a service of the mesh, which is called as every other is. */
  readonly isService: boolean;
  readonly domain: string;
  readonly timeoutMs: number;
  /** Whether traffic passes while the service does not answer. */
  readonly failOpen: boolean;
}

export interface GlobalTcpLimit {
  readonly service: RateLimitService;
  readonly descriptors: readonly (readonly { readonly key: string; readonly value: string }[])[];
}

export interface GlobalHttpLimit {
  readonly service: RateLimitService;
  /** What of requests is counted, but for those of a path that says so itself; may be empty. */
  readonly descriptors: readonly Descriptor[];
  readonly enableXRateLimitHeaders: boolean;
  readonly status: number;
}

/** What is said of some paths: it takes the place of what is said of all, each part by itself. */
export interface LimitedPath {
  /** RE2, anchored at the start of the path, which is made plain first and taken without its query. */
  readonly path: string;
  readonly local?: HttpRate;
  /** Empty: those of all paths. */
  readonly descriptors: readonly Descriptor[];
}

export interface InboundLimits {
  /** Who wrote it. */
  readonly origin: RuleOrigin;
  readonly localTcp?: TokenRate;
  readonly localHttp?: HttpRate;
  readonly globalTcp?: GlobalTcpLimit;
  readonly globalHttp?: GlobalHttpLimit;
  /** The first that a request's path matches counts. */
  readonly paths: readonly LimitedPath[];
}

/** Whether anything is said of requests. */
export function limitsRequests({ localHttp, globalHttp, paths }: InboundLimits): boolean {
  return localHttp !== undefined || globalHttp !== undefined || paths.length > 0;
}

/** Of what callers keep open to a service. What is absent bounds nothing. */
export interface ConnectionBounds {
  readonly maxConnections?: number;
  /** Milliseconds. */
  readonly connectTimeout?: number;
  readonly maxRequests?: number;
  readonly maxRequestsPerConnection?: number;
  readonly maxPendingRequests?: number;
  readonly maxRetries?: number;
}

export interface TrafficSetting {
  /** The service key. */
  readonly key: string;
  readonly origin: RuleOrigin;
  readonly connections: ConnectionBounds;
  /** Absent where it limits nothing. */
  readonly limits?: InboundLimits;
}
