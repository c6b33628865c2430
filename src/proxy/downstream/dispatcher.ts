/**
 * Takes a request from its caller to a connection: limits, route, cluster, host, then the way that the site's sharing
 * says. Whatever stops it on the way becomes an answer in the caller's own protocol.
 */
import { Frame, ReplyReason } from '../../../codecs/codec.ts';
import type { Cluster } from '../clusters/cluster.ts';
import type { Host } from '../clusters/host.ts';
import type { Call, CallOwner } from '../connections/call.ts';
import type { HostPool } from '../upstream/host-pool.ts';
import type { UpstreamConnection } from '../upstream/upstream-connection.ts';
import type { CallerLinks } from './caller-links.ts';
import { mirror } from './mirror.ts';
import { decodeAgain } from './reworked-frame.ts';
import { changeRequest } from './route-changes.ts';
import type { Site } from './site.ts';
import { Way } from './way.ts';

/** Who sends a request, as far as its way is concerned. */
export interface Caller extends CallOwner {
  readonly links: CallerLinks;
  /** Requests in flight. */
  readonly inFlight: number;
  /** Answers in the upstream's stead. */
  refuse(call: Call, reason: ReplyReason, message: string, detail: string): void;
  /** A request without a reply is on its way. */
  finishOneway(call: Call): void;
  /** Stops reading while the connection has more to write than it should. */
  mindPressure(connection: UpstreamConnection): void;
}

/** Hosts that are tried one right after the other. */
const MAX_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 200;
/** For frames that are looked at a second time, when they are sent to a second host. */
const scratch = new Frame();
const way = new Way();

export function dispatch(site: Site, caller: Caller, call: Call, frame: Frame): void {
  const refusal = way.find(site, call, frame);
  const { route, cluster, mutation } = way;
  if (refusal !== undefined) caller.refuse(call, refusal.reason, refusal.message, refusal.detail);
  else if (route !== undefined && cluster !== undefined) {
    const sent = mutation.length > 0 ? changeRequest(site, call, frame, mutation) : frame;
    if (sent === undefined) {
      caller.refuse(call, ReplyReason.unspecified, 'the request cannot be changed', 'request_mutation_failed');
      return;
    }
    if (route.mirrors.length > 0) mirror(site, route, call, sent);
    send(site, caller, call, sent, cluster);
  }
}

/**
 * A call of which no byte has left goes to another host at once, if there is one that did not fail just now. Else it
 * waits a little, and longer each time, for its upstream to come up; how long altogether is bounded.
 */
export function redispatch(site: Site, caller: Caller, call: Call): void {
  const { runtime } = site;
  const { now } = runtime.turn;
  const cluster = site.cluster(call.cluster?.name ?? '');
  if (call.unsentSince === 0) call.unsentSince = now;
  const attempt = call.attempts++;
  if (cluster === undefined || (attempt + 1 < MAX_ATTEMPTS && cluster.offers(call.hash, now))) {
    resend(site, caller, call);
    return;
  }
  const patienceMs = Math.min(cluster.plan.connectTimeoutMs, runtime.limits.connectRetryMs);
  const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
  const inTime = now + pauseMs - call.unsentSince <= patienceMs;
  if (inTime && runtime.waitingRoom.enter(call, pauseMs, wake)) return;
  caller.refuse(call, ReplyReason.unspecified, 'remote connection failure', 'upstream_connection_failure');
}

function wake(call: Call): void {
  call.owner?.onRetry(call);
}

/** Sends a call once more, from the bytes that are kept of it. */
export function resend(site: Site, caller: Caller, call: Call): void {
  const { bytes, start, length } = call;
  if (!decodeAgain(site, bytes, start, length, scratch)) {
    caller.refuse(call, ReplyReason.unspecified, 'remote connection failure', 'upstream_connection_failure');
    return;
  }
  if (scratch.rewritable) site.codec.rewriteId(bytes, start, scratch, call.idHigh, call.idLow);
  const cluster = site.cluster(call.cluster?.name ?? '');
  if (cluster === undefined) {
    caller.refuse(call, ReplyReason.clusterNotFound, 'the cluster has gone', 'unknown_cluster');
    return;
  }
  cluster.stats.rqRetry++;
  send(site, caller, call, scratch, cluster);
}

function send(site: Site, caller: Caller, call: Call, frame: Frame, cluster: Cluster): void {
  const host = cluster.pick(call.hash, site.runtime.turn.now);
  if (host === undefined) {
    cluster.stats.noHealthyUpstream++;
    caller.refuse(call, ReplyReason.noHealthyUpstream, 'no healthy upstream', 'no_healthy_upstream');
    return;
  }
  if (site.sharing === 'pool') sendPooled(site, caller, call, frame, host);
  else sendOn(connectionFor(site, caller, frame, host), caller, call, frame);
}

function connectionFor(site: Site, caller: Caller, frame: Frame, host: Host): UpstreamConnection | undefined {
  if (site.sharing === 'all' && frame.rewritable) return host.shared(site.codec).choose(caller.inFlight);
  return caller.links.to(host, frame.rewritable);
}

function sendOn(connection: UpstreamConnection | undefined, caller: Caller, call: Call, frame: Frame): void {
  if (connection === undefined) {
    caller.refuse(call, ReplyReason.unspecified, 'too many requests in flight', 'upstream_overflow');
    return;
  }
  if (call.oneway) {
    connection.sendOneway(call.bytes, call.start, frame);
    caller.finishOneway(call);
  } else connection.send(call, call.bytes, call.start, frame);
  caller.mindPressure(connection);
}

function sendOnewayPooled(caller: Caller, call: Call, frame: Frame, pool: HostPool): void {
  const connection = pool.sendOneway(call.bytes, call.start, frame, true);
  if (connection === undefined) {
    caller.refuse(call, ReplyReason.unspecified, 'too many connections', 'upstream_overflow');
    return;
  }
  caller.finishOneway(call);
  caller.mindPressure(connection);
}

function sendPooled(site: Site, caller: Caller, call: Call, frame: Frame, host: Host): void {
  const pool = host.pool(site.codec);
  if (call.oneway) {
    sendOnewayPooled(caller, call, frame, pool);
    return;
  }
  const connection = pool.take();
  if (connection !== undefined) sendOn(connection, caller, call, frame);
  else if (!pool.enqueue(call, call.bytes, call.start, frame))
    caller.refuse(call, ReplyReason.unspecified, 'too many connections', 'upstream_overflow');
}
