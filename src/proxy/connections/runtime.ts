/** What everything on one worker shares: its turn, its calls, its sweeper, its limits. Nothing here is global. */
import type { UnwritableLog } from '../observation/access-log.ts';
import { Secrets } from '../tls/secrets.ts';
import { CallPool } from './call.ts';
import { CodecFaults } from './codec-faults.ts';
import { type MissedMutation, MissedMutations } from './missed-mutations.ts';
import { Sweeper } from './sweeper.ts';
import { Turn } from './turn.ts';
import { WaitingRoom } from './waiting-room.ts';

/** Bounds on what peers can make the proxy hold. Bytes and milliseconds. */
export interface ProxyLimits {
  /** A frame larger than this ends its connection. */
  readonly maxFrameBytes: number;
  readonly maxHeaderBytes: number;
  /** A socket that has this much to write makes its sources stop reading. */
  readonly highWaterBytes: number;
  /** A caller that leaves this many bytes of replies unread is cut off, where stopping its upstream would hurt others. */
  readonly maxUnreadBytes: number;
  /** Requests of one caller in flight above which it is not read from. */
  readonly maxInFlight: number;
  readonly maxConnections: number;
  /** How long an upstream may take to answer; 0: for ever, as the reference does. */
  readonly requestTimeoutMs: number;
  /**
   * How long an upstream may be silent before it is sent a heartbeat, where the protocol has such; after three times as
   * long its connection ends. 0: never.
   */
  readonly heartbeatMs: number;
  /** How long a pooled upstream connection may be idle. */
  readonly upstreamIdleMs: number;
  /** How long requests in flight may take when a caller has half-closed or a listener or host drains. */
  readonly drainMs: number;
  /** How long a listener that was removed, and a cluster, go on serving: others learn of the removal a little later. */
  readonly listenerGraceMs: number;
  /** How long a request whose upstream refuses connections is tried again, at most. */
  readonly connectRetryMs: number;
  /** How long a peer may take to close its side once ours is closed. */
  readonly lingerMs: number;
}

export const defaultProxyLimits: ProxyLimits = {
  maxFrameBytes: 16 * 1024 * 1024,
  maxHeaderBytes: 64 * 1024,
  highWaterBytes: 256 * 1024,
  maxUnreadBytes: 32 * 1024 * 1024,
  maxInFlight: 4096,
  maxConnections: 50_000,
  requestTimeoutMs: 60_000,
  heartbeatMs: 60_000,
  upstreamIdleMs: 60_000,
  drainMs: 10_000,
  listenerGraceMs: 5_000,
  connectRetryMs: 1_000,
  lingerMs: 5_000,
};

/** What a data plane tells of its own accord. */
export interface PlaneNews {
  /** A codec has a bug; told once for each. */
  fault(message: string): void;
  /** A change that a route asks for is not made; told once for each route and reason. */
  mutationMissed(missed: MissedMutation): void;
  /** Lines of an access log are lost; told once for each path and reason. */
  logUnwritable(log: UnwritableLog): void;
}

export class Runtime {
  readonly turn = new Turn();
  readonly calls = new CallPool();
  readonly waitingRoom = new WaitingRoom({ maxCalls: 4096, maxBytes: 32 * 1024 * 1024 });
  /** What TLS is spoken with. */
  readonly secrets = new Secrets();
  readonly sweeper: Sweeper;
  readonly limits: ProxyLimits;

  readonly faults: CodecFaults;
  readonly missedMutations: MissedMutations;

  constructor(limits: ProxyLimits, news: PlaneNews) {
    this.limits = limits;
    this.faults = new CodecFaults((message) => news.fault(message));
    this.missedMutations = new MissedMutations((missed) => news.mutationMissed(missed));
    this.sweeper = new Sweeper(this.turn, limits.requestTimeoutMs);
  }
}
