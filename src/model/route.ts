/** Request routing of one host and port, independent of any proxy's dialect. First match wins. */
import type { ObjectRef, Place } from './finding.ts';
import type { HttpHeaderChanges } from './header-changes.ts';

export type StringMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'regex'; readonly value: string }
  | { readonly kind: 'present' };

export interface PropertyMatch {
  readonly property: string;
  readonly match: StringMatch;
}

/** All of it must hold; sorted by property; empty matches every request. */
export type RequestMatch = readonly PropertyMatch[];

export interface Destination {
  /** A full host name. */
  readonly host: string;
  readonly port: number;
  /** Empty for the whole host. */
  readonly subset: string;
}

export interface WeightedDestination {
  readonly destination: Destination;
  readonly weight: number;
  /** Of HTTP requests that it gets, beside those of all destinations. */
  readonly headers?: HttpHeaderChanges;
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface Mirror {
  readonly destination: Destination;
  /** 0 < percentage <= 100. */
  readonly percentage: number;
}

/** Who wrote rules: what a finding about them names. */
export interface RuleOrigin {
  readonly object: ObjectRef;
  readonly place?: Place;
}

export interface Route {
  readonly name: string;
  /** Where it stands in the object that it is from; none for a route that nobody wrote. */
  readonly path?: string;
  readonly match: RequestMatch;
  /** At least one. */
  readonly destinations: readonly WeightedDestination[];
  /** Who wrote it, where that is not who wrote its table. */
  readonly origin?: RuleOrigin;
  readonly mirror?: Mirror;
  readonly requestMutation: readonly KeyValue[];
  readonly responseMutation: readonly KeyValue[];
  /** Properties whose values choose the endpoint. */
  readonly hashProperties: readonly string[];
}

export interface TokenBucket {
  readonly maxTokens: number;
  readonly tokensPerFill: number;
  readonly fillIntervalMs: number;
}

export interface LocalRateLimit {
  readonly bucket?: TokenBucket;
  readonly conditions: readonly { readonly match: RequestMatch; readonly bucket: TokenBucket }[];
}

export interface GlobalRateLimit {
  readonly match: RequestMatch;
  readonly domain: string;
  readonly timeoutMs: number;
  readonly denyOnFail: boolean;
  readonly cluster: string;
  readonly descriptors: readonly { readonly property: string; readonly descriptorKey: string }[];
}

export interface RouteTable {
  /** `<service key>|<port>`. */
  readonly key: string;
  readonly host: string;
  readonly namespace: string;
  readonly port: number;
  readonly routes: readonly Route[];
  readonly localRateLimit?: LocalRateLimit;
  readonly globalRateLimit?: GlobalRateLimit;
  /** None where nobody wrote rules. */
  readonly origin?: RuleOrigin;
  /** Absent where the rules are for callers of all namespaces. */
  readonly exportedTo?: RouteExport;
}

/** To whom rules are exported. Only sidecars of istiod are told apart by it: there, others have no such listener. */
export interface RouteExport {
  /** Sorted. */
  readonly namespaces: readonly string[];
  /** What callers of all other namespaces have in place of the rules. */
  readonly routesElsewhere: readonly Route[];
}
