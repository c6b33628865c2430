/** What callers of a Redis port meet, and how its servers are connected to, by the rules of its namespace. */
import type { RuleOrigin } from './route.ts';

/** A port of the mesh. */
export interface RedisTarget {
  readonly host: string;
  readonly port: number;
}

export interface RedisMirror {
  readonly target: RedisTarget;
  /** In [0, 100]. */
  readonly percentage: number;
  readonly excludeReadCommands: boolean;
}

export interface RedisRoute {
  /** Of keys; absent: all that no other route has. */
  readonly prefix?: string;
  readonly removesPrefix: boolean;
  readonly target: RedisTarget;
  readonly mirrors: readonly RedisMirror[];
}

/** Of a Secret in the namespace of the service: never the password itself. */
export interface RedisSecret {
  readonly name: string;
  readonly passwordField: string;
  readonly usernameField?: string;
}

/** `written`: in clear text, in the object itself; it is carried no further. */
export type RedisAuth = { readonly kind: 'secret'; readonly secret: RedisSecret } | { readonly kind: 'written' };

export type RedisReadPolicy = 'MASTER' | 'PREFER_MASTER' | 'REPLICA' | 'PREFER_REPLICA' | 'ANY';

export interface RedisSettings {
  readonly opTimeoutMs?: number;
  readonly caseInsensitive: boolean;
  readonly commandStats: boolean;
  readonly hashtagging: boolean;
  readonly redirection: boolean;
  readonly maxBufferBytes?: number;
  readonly bufferFlushTimeoutMs?: number;
  readonly maxUnknownConnections?: number;
  readonly readPolicy?: RedisReadPolicy;
}

export interface RedisFault {
  readonly type: 'DELAY' | 'ERROR';
  /** In [0, 100]. */
  readonly percentage: number;
  readonly delayMs?: number;
  /** Empty for all. */
  readonly commands: readonly string[];
}

export interface RedisDownstream {
  readonly origin: RuleOrigin;
  readonly settings: RedisSettings;
  /** What callers have to show. */
  readonly auth?: RedisAuth;
  /** Empty: all keys go to the service itself. */
  readonly routes: readonly RedisRoute[];
  readonly faults: readonly RedisFault[];
}

export interface RedisUpstream {
  readonly origin: RuleOrigin;
  readonly mode: 'PROXY' | 'CLUSTER';
  /** What servers are shown. */
  readonly auth?: RedisAuth;
  /** Where a cluster is asked for its nodes; empty: at the service's own name. */
  readonly discoveryEndpoints: readonly RedisTarget[];
  readonly connectTimeoutMs?: number;
  readonly maxConnections?: number;
  /** Seconds. */
  readonly keepalive?: { readonly probes?: number; readonly time?: number; readonly interval?: number };
}

export interface RedisPort {
  /** `<service key>|<port>`. */
  readonly key: string;
  readonly downstream?: RedisDownstream;
  readonly upstream?: RedisUpstream;
}
