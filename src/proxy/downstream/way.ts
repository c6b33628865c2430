/**
 * Which way a request takes: limits, route, cluster, and what it is changed by. All that is read of its properties is
 * read here. A request that the codec cannot read is refused, and nothing else on its connection suffers.
 */
import { type Frame, type Mutation, ReplyReason } from '../../../codecs/codec.ts';
import type { Cluster } from '../clusters/cluster.ts';
import type { Call } from '../connections/call.ts';
import type { BoundRoute } from '../routing/route-table.ts';
import { leaveRequestUnchanged } from './route-changes.ts';
import type { Site } from './site.ts';

/** Why a request goes nowhere; `detail` as in the access log. */
export interface Refusal {
  readonly reason: ReplyReason;
  readonly message: string;
  readonly detail: string;
}

const overLimit: Refusal = {
  reason: ReplyReason.overLimit,
  message: 'over the rate limit',
  detail: 'local_rate_limited',
};
const noRoute: Refusal = {
  reason: ReplyReason.routeNotFound,
  message: 'no route matches the request',
  detail: 'no_matched_route',
};
const unreadable: Refusal = {
  reason: ReplyReason.unspecified,
  message: 'the request cannot be read',
  detail: 'request_unreadable',
};
const unchanged: Mutation = [];

/** One serves for many requests: what it found is read before it looks at the next. */
export class Way {
  route: BoundRoute | undefined;
  cluster: Cluster | undefined;
  mutation: Mutation = unchanged;

  /** Sets the call's route, cluster and hash; undefined when the request may go. */
  find(site: Site, call: Call, frame: Frame): Refusal | undefined {
    try {
      return this.#find(site, call, frame);
    } catch (error) {
      site.runtime.faults.note(site.codec.name, error);
      return unreadable;
    }
  }

  #find(site: Site, call: Call, frame: Frame): Refusal | undefined {
    const { bytes, start } = call;
    const { limits, routes, stats } = site;
    if (limits !== undefined) {
      if (!limits.admit(bytes, start, frame)) {
        stats.rateLimited++;
        return overLimit;
      }
      stats.rateLimitOk++;
    }
    const route = routes?.select(bytes, start, frame);
    if (routes === undefined || route === undefined) return noRoute;
    call.route = route;
    const place = route.clusters.pick();
    if (place?.cluster === undefined) return unknownCluster(place?.name ?? '');
    call.cluster = place.cluster;
    call.hash = routes.hash(route);
    this.route = route;
    this.cluster = place.cluster;
    this.mutation = mutationOf(site, route, bytes, start, frame);
    return undefined;
  }
}

/** A change that no route asked for is left out where the request cannot be read. */
function mutationOf(site: Site, route: BoundRoute, bytes: Buffer, start: number, frame: Frame): Mutation {
  try {
    const mutation = site.mutation(bytes, start, frame, route.requestMutation);
    if (mutation.length === 0 && route.requestMutation.length > 0) leaveRequestUnchanged(site, route);
    return mutation;
  } catch (error) {
    if (route.requestMutation.length > 0) throw error;
    site.runtime.faults.note(site.codec.name, error);
    return unchanged;
  }
}

function unknownCluster(name: string): Refusal {
  return {
    reason: ReplyReason.clusterNotFound,
    message: `cluster ${name} is not known`,
    detail: 'unknown_cluster',
  };
}
