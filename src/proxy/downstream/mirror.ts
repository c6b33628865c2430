/**
 * Mirrored requests: a copy goes out by itself, and nobody waits for what comes back. A mirror never slows the request
 * that it copies, and never piles up: beyond a bound it is left out and counted.
 */
import { Frame } from '../../../codecs/codec.ts';
import type { Cluster } from '../clusters/cluster.ts';
import type { Call, CallOwner } from '../connections/call.ts';
import type { BoundRoute } from '../routing/route-table.ts';
import { decodeAgain } from './reworked-frame.ts';
import type { Site } from './site.ts';

const MAX_MIRRORED = 1024;
const scratch = new Frame();

/** Copies the request as it is about to be sent, with all that its route changes. */
export function mirror(site: Site, route: BoundRoute, call: Call, frame: Frame): void {
  for (const { place, fraction } of route.mirrors) {
    if (fraction < 1 && Math.random() >= fraction) continue;
    if (place.cluster !== undefined && mirrorTo(site, place.cluster, call, frame)) site.stats.mirrored++;
    else site.stats.mirrorDropped++;
  }
}

function mirrorTo(site: Site, cluster: Cluster, call: Call, frame: Frame): boolean {
  const host = cluster.pick(call.hash, site.runtime.turn.now);
  if (host === undefined || cluster.mirrored >= MAX_MIRRORED) return false;
  const { codec } = site;
  const bytes = Buffer.from(call.bytes.subarray(call.start, call.start + frame.length));
  if (!decodeAgain(site, bytes, 0, bytes.length, scratch)) return false;
  const shares = site.sharing === 'all' && scratch.rewritable;
  if (call.oneway && !shares) return host.pool(codec).sendOneway(bytes, 0, scratch, false) !== undefined;
  const connection = shares ? host.shared(codec).choose(cluster.mirrored) : host.pool(codec).take();
  if (connection === undefined || connection.output.blocked) return false;
  if (call.oneway) connection.sendOneway(bytes, 0, scratch);
  else connection.send(copy(site, call, cluster), bytes, 0, scratch);
  return true;
}

function copy(site: Site, call: Call, cluster: Cluster): Call {
  const mirrored = site.runtime.calls.acquire();
  cluster.mirrored++;
  mirrored.owner = new MirrorOwner(site, cluster);
  mirrored.cluster = cluster;
  mirrored.idHigh = call.idHigh;
  mirrored.idLow = call.idLow;
  mirrored.startedAt = call.startedAt;
  return mirrored;
}

/** Takes whatever becomes of a mirrored request, and forgets it. */
class MirrorOwner implements CallOwner {
  readonly waiting = true;
  readonly #site: Site;
  readonly #cluster: Cluster;

  constructor(site: Site, cluster: Cluster) {
    this.#site = site;
    this.#cluster = cluster;
  }

  onReply(call: Call): void {
    this.#forget(call);
  }

  onFailure(call: Call): void {
    this.#forget(call);
  }

  onUnsent(call: Call): void {
    this.#forget(call);
  }

  onRetry(call: Call): void {
    this.#forget(call);
  }

  #forget(call: Call): void {
    this.#cluster.mirrored--;
    this.#site.runtime.calls.release(call);
  }
}
