/** metaprotocol.aeraki.io/v1alpha1. */
import type { Resource } from './resource.ts';

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
