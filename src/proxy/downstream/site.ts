/**
 * A MetaProtocol plan bound to this worker: its codec, its routes as they are now, its limits, logs and counters. A new
 * plan makes a new site; connections move to it between two requests. New routes are put into the site that stands.
 */
import type { Codec } from '../../../codecs/codec.ts';
import type { Cluster } from '../clusters/cluster.ts';
import type { ClusterDirectory } from '../clusters/cluster-directory.ts';
import type { AccessPlan } from '../config/access-plan.ts';
import type { MetaProtocolPlan } from '../config/metaprotocol-plan.ts';
import type { RouteTablePlan } from '../config/route-plan.ts';
import type { Runtime } from '../connections/runtime.ts';
import { AccessControl } from '../filters/access-control.ts';
import { LocalRateLimits } from '../filters/local-rate-limit.ts';
import type { BucketStore } from '../filters/token-buckets.ts';
import type { AccessLogFiles } from '../observation/access-log.ts';
import type { ProtocolStats } from '../observation/stats.ts';
import { RouteTable } from '../routing/route-table.ts';
import { RequestLogs } from './request-logs.ts';
import { type RequestMutation, requestMutation } from './request-mutation.ts';

/**
 * How requests travel: one at a time on a pooled connection; on a connection of the caller's own to each host; or on a
 * few connections to a host that all callers share.
 */
export type Sharing = 'pool' | 'caller' | 'all';

export interface SiteSurroundings {
  readonly runtime: Runtime;
  readonly directory: ClusterDirectory;
  readonly buckets: BucketStore;
  readonly logFiles: AccessLogFiles;
}

export class Site {
  /** The listener's name. */
  readonly listener: string;
  readonly plan: MetaProtocolPlan;
  readonly codec: Codec;
  readonly runtime: Runtime;
  readonly stats: ProtocolStats;
  readonly sharing: Sharing;
  /** Whether replies must leave in the order of their requests. */
  readonly ordered: boolean;
  #access: AccessControl;
  readonly limits: LocalRateLimits | undefined;
  readonly logs: RequestLogs | undefined;
  readonly mutation: RequestMutation;
  /** Undefined until the first routes have come. */
  routes: RouteTable | undefined;
  readonly #directory: ClusterDirectory;

  /** `access`: who may open connections to the listener. */
  constructor(
    { name: listener, access }: { readonly name: string; readonly access: readonly AccessPlan[] },
    plan: MetaProtocolPlan,
    stats: ProtocolStats,
    around: SiteSurroundings,
  ) {
    this.listener = listener;
    this.#access = new AccessControl([...access, ...plan.access], plan.codec);
    this.plan = plan;
    this.codec = plan.codec;
    this.runtime = around.runtime;
    this.stats = stats;
    this.#directory = around.directory;
    this.sharing = sharingOf(plan);
    this.ordered = plan.codec.capabilities.correlation !== 'id';
    this.mutation = requestMutation(plan.codec);
    if (plan.rateLimits.length > 0)
      this.limits = new LocalRateLimits(plan.rateLimits, plan.codec, around.buckets, listener);
    if (plan.accessLogs.length > 0) this.logs = new RequestLogs(plan, around.logFiles, around.runtime.faults);
    if (plan.routes.kind === 'inline') this.useRoutes(plan.routes.table);
  }

  /** Who may send what. */
  get access(): AccessControl {
    return this.#access;
  }

  /** In place of what its plan says of access. */
  guardBy(access: readonly AccessPlan[]): void {
    this.#access = new AccessControl(access, this.codec);
  }

  useRoutes(table: RouteTablePlan): void {
    this.routes = new RouteTable(table, this.codec, this.#directory);
  }

  cluster(name: string): Cluster | undefined {
    return this.#directory.place(name).cluster;
  }

  /** Whether a connection that began under `other` can go on under this. */
  continues(other: Site): boolean {
    return this.codec === other.codec && this.sharing === other.sharing;
  }
}

function sharingOf({ codec, multiplexing }: MetaProtocolPlan): Sharing {
  const { multiplexes = false, correlation } = codec.capabilities;
  if (!(multiplexing || multiplexes) || correlation === 'none') return 'pool';
  return codec.capabilities.sharesConnections ? 'all' : 'caller';
}
