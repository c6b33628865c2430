/** One endpoint of a cluster, alive as long as its address stands in the cluster, with the connections to it. */
import type { Codec } from '../../../codecs/codec.ts';
import type { HostAddress } from '../config/endpoint-plan.ts';
import type { TlsPlan } from '../config/tls-plan.ts';
import type { Runtime } from '../connections/runtime.ts';
import type { ClusterStats } from '../observation/stats.ts';
import { type Dialled, type DialOptions, dial, dialSecured } from '../tls/dialling.ts';
import { type ConnectionBudget, HostPool, type PooledHost } from '../upstream/host-pool.ts';
import { SharedConnections } from '../upstream/shared-connections.ts';
import type { UpstreamConnection } from '../upstream/upstream-connection.ts';

/** The cluster that a host belongs to, as far as the host is concerned. */
interface HostCluster extends ConnectionBudget {
  readonly plan: ConnectionBudget['plan'] & { readonly connectTimeoutMs: number; readonly tls?: TlsPlan };
}

const FAREWELL_MS = 5000;

export class Host implements PooledHost {
  /** `address:port`, or the path of a unix socket. */
  readonly key: string;
  /** Where it is dialled from now on. */
  address: HostAddress;
  readonly cluster: HostCluster;
  /** Requests in flight, for least-request balancing. */
  active = 0;
  weight = 1;
  /** May get new requests, as the endpoint's health says. */
  healthy = true;
  /** Not asked again before this moment, after it could not be connected to or said farewell. */
  avoidUntil = 0;
  /** Every connection to it, whoever keeps it. */
  readonly connections = new Set<UpstreamConnection>();
  readonly #runtime: Runtime;
  readonly #pools = new Map<Codec, HostPool>();
  readonly #shared = new Map<Codec, SharedConnections>();
  #failures = 0;
  #lastCodec: Codec | undefined;
  #lastShared: SharedConnections | undefined;

  constructor(runtime: Runtime, cluster: HostCluster, key: string, address: HostAddress) {
    this.#runtime = runtime;
    this.cluster = cluster;
    this.key = key;
    this.address = address;
  }

  get stats(): ClusterStats {
    return this.cluster.stats;
  }

  get connectTimeoutMs(): number {
    return this.cluster.plan.connectTimeoutMs;
  }

  pool(codec: Codec): HostPool {
    let pool = this.#pools.get(codec);
    if (pool === undefined) {
      pool = new HostPool(this.#runtime, this, codec);
      this.#pools.set(codec, pool);
    }
    return pool;
  }

  shared(codec: Codec): SharedConnections {
    if (codec === this.#lastCodec && this.#lastShared !== undefined) return this.#lastShared;
    let shared = this.#shared.get(codec);
    if (shared === undefined) {
      shared = new SharedConnections(this.#runtime, this, codec);
      this.#shared.set(codec, shared);
    }
    this.#lastCodec = codec;
    this.#lastShared = shared;
    return shared;
  }

  /** A connection to it, as its cluster speaks. */
  dial(options: DialOptions): Dialled {
    const { tls } = this.cluster.plan;
    return tls === undefined
      ? dial(this.address, options)
      : dialSecured(this.#runtime.secrets, tls, this.address, options);
  }

  noteConnected(): void {
    this.#failures = 0;
    this.avoidUntil = 0;
  }

  /** Others are preferred for a while: 100 ms after the first failure, up to 5 s. */
  noteConnectFailure(now: number): void {
    this.stats.cxConnectFail++;
    this.avoidUntil = now + Math.min(5000, 100 * 2 ** Math.min(this.#failures++, 6));
  }

  /** It is about to go: others are preferred until that is known from elsewhere. */
  noteFarewell(now: number): void {
    this.avoidUntil = now + FAREWELL_MS;
  }

  /** The endpoint has gone: what is in flight finishes, nothing new begins. */
  retire(): void {
    for (const pool of this.#pools.values()) pool.retire();
    for (const connection of this.connections) connection.retire();
    this.#pools.clear();
    this.#shared.clear();
    this.#lastShared = undefined;
  }
}
