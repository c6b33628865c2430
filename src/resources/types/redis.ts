/** redis.aeraki.io/v1alpha1. */
import type { TrafficPolicySpec } from './istio.ts';
import type { Resource } from './resource.ts';

/** Exactly one of the two. A password that is written out must reach no log and no object in clear text. */
export interface RedisAuthSpec {
  readonly plain?: { readonly password: string; readonly username?: string };
  /** Of the object's own namespace. */
  readonly secret?: {
    readonly name: string;
    /** Absent: `password`, or else `token`. */
    readonly passwordField?: string;
    /** Absent: `username`, if there is one. */
    readonly usernameField?: string;
  };
}

export interface RedisSettingsSpec {
  /** Of prefixes. */
  readonly caseInsensitive?: boolean;
  /** Milliseconds. */
  readonly opTimeout?: number;
  readonly enableCommandStats?: boolean;
  /** Bytes. */
  readonly maxBufferSizeBeforeFlush?: number;
  /** Milliseconds. */
  readonly bufferFlushTimeout?: number;
  readonly maxUpstreamUnknownConnections?: number;
  readonly enableHashtagging?: boolean;
  readonly enableRedirection?: boolean;
  readonly readPolicy?: 'MASTER' | 'PREFER_MASTER' | 'REPLICA' | 'PREFER_REPLICA' | 'ANY';
  /** What callers have to show. */
  readonly auth?: RedisAuthSpec;
}

export interface RedisTarget {
  readonly host: string;
  readonly port?: number;
}

export interface RedisRouteSpec {
  /** Absent: all keys that no other route has. */
  readonly match?: { readonly key: { readonly prefix: string; readonly removePrefix: boolean } };
  readonly route: RedisTarget;
  readonly mirror: readonly {
    readonly route: RedisTarget;
    /** In [0, 100]. */
    readonly percentage: number;
    readonly excludeReadCommands: boolean;
  }[];
}

export interface RedisFaultSpec {
  readonly type: 'DELAY' | 'ERROR';
  /** In [0, 100]. */
  readonly percentage: number;
  /** Milliseconds. */
  readonly delay?: number;
  /** None: all commands. */
  readonly commands: readonly string[];
}

/** What callers of a host meet: of services of its own namespace. */
export type RedisService = Resource<
  'RedisService',
  {
    readonly host: readonly string[];
    readonly settings: RedisSettingsSpec;
    /** At most one without a match; in the order in which they are written. */
    readonly redis: readonly RedisRouteSpec[];
    readonly faults: readonly RedisFaultSpec[];
  }
>;

/** How a host is connected to: of services of its own namespace. */
export type RedisDestination = Resource<
  'RedisDestination',
  {
    readonly host: string;
    readonly mode: 'PROXY' | 'CLUSTER';
    /** What is shown to the servers. */
    readonly auth?: RedisAuthSpec;
    /** Where a cluster is asked for its nodes. A port that is absent is the service's. */
    readonly discoveryEndpoints: readonly RedisTarget[];
    readonly tcp?: NonNullable<NonNullable<TrafficPolicySpec['connectionPool']>['tcp']>;
  }
>;
