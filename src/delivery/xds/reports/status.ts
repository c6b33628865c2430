/** What each stream has, as against what it should have: for `proxy-status`, `proxy-config`, the admin API and CSDS. */
import type { ProxyNode } from '../../../model/proxy.ts';
import { ContentDigest } from '../resources/content-digest.ts';
import type { EncodedResource, ResourceView } from '../resources/resource-source.ts';
import type { Dialect } from '../resources/response-frame.ts';
import type { Exchange } from '../streams/exchange.ts';
import type { XdsStream } from '../streams/stream.ts';
import type { Peer } from '../transport/transport.ts';

/**
 * SYNCED: the proxy has accepted the last response, and nothing has changed since. STALE: an answer or a push is due.
 * NOT SENT: nothing to send yet. NACKED: a response was refused and not mended since.
 */
export type SyncState = 'SYNCED' | 'STALE' | 'NOT SENT' | 'NACKED';

export interface TypeStatus {
  readonly typeUrl: string;
  readonly state: SyncState;
  readonly wildcard: boolean;
  /** How many names and globs were asked for one by one. */
  readonly subscribed: number;
  readonly sentVersion?: string;
  readonly acknowledgedVersion?: string;
  /** Digest of what the proxy should have now. */
  readonly expectedVersion: string;
  readonly nonce?: string;
  /** The proxy's words, when the state is NACKED. */
  readonly error?: string;
  /** When it refused, in milliseconds since the epoch. */
  readonly refusedAt?: number;
}

export interface StreamStatus {
  readonly proxy: ProxyNode;
  readonly peer: Peer;
  readonly dialect: Dialect;
  /** The one type of a per-type stream; absent for an aggregated one. */
  readonly onlyType?: string;
  /** Milliseconds since the epoch. */
  readonly connectedAt: number;
  readonly types: readonly TypeStatus[];
  /** Types that it asks for and is not served. */
  readonly unserved: readonly string[];
}

/** One resource as a proxy should have it and as it was sent. Both are absent for a name that does not exist. */
export interface ResourceStatus {
  readonly typeUrl: string;
  readonly name: string;
  readonly expected?: EncodedResource;
  readonly sentVersion?: string;
  readonly refused: boolean;
}

/** Undefined for a stream that was not admitted yet. */
export function streamStatus(stream: XdsStream): StreamStatus | undefined {
  const { node, view } = stream;
  if (node === undefined || view === undefined) return undefined;
  return {
    proxy: node,
    peer: stream.call.peer,
    dialect: stream.dialect,
    ...(stream.onlyType === undefined ? {} : { onlyType: stream.onlyType }),
    connectedAt: stream.connectedAt,
    types: stream.exchanges.map((exchange) => typeStatus(exchange, view)),
    unserved: [...stream.unserved],
  };
}

function typeStatus(exchange: Exchange, view: ResourceView): TypeStatus {
  const { subscription, sent, refusal, acknowledgedVersion } = exchange;
  return {
    typeUrl: exchange.typeUrl,
    state: stateOf(exchange),
    wildcard: subscription.wildcard,
    subscribed: subscription.size,
    ...(sent === undefined ? {} : { sentVersion: sent.version, nonce: sent.nonce }),
    ...(acknowledgedVersion === undefined ? {} : { acknowledgedVersion }),
    expectedVersion: expectedVersion(exchange, view),
    ...(refusal === undefined ? {} : { error: refusal.message, refusedAt: refusal.at }),
  };
}

function stateOf(exchange: Exchange): SyncState {
  if (exchange.refusal !== undefined) return 'NACKED';
  if (exchange.awaitsAnswer || exchange.hasRemovals) return 'STALE';
  if (exchange.acknowledgedVersion === undefined) return 'NOT SENT';
  return exchange.hasChanges ? 'STALE' : 'SYNCED';
}

function expectedVersion(exchange: Exchange, view: ResourceView): string {
  const { typeUrl, subscription } = exchange;
  // Nothing is due: it should have what it has. Counting is left for the few that lag, as there may be thousands.
  if (!exchange.hasChanges && !exchange.hasRemovals) return subscription.version;
  const digest = new ContentDigest();
  for (const { name, version } of view.list(typeUrl)) if (subscription.wants(name)) digest.add(name, version);
  return digest.toString();
}

/** What a stream should have of one type beside what it was sent, sorted by name. */
export function resourceStatuses(stream: XdsStream, typeUrl: string): readonly ResourceStatus[] {
  const exchange = stream.exchanges.find((candidate) => candidate.typeUrl === typeUrl);
  const { view } = stream;
  if (exchange === undefined || view === undefined) return [];
  const { subscription, refusal } = exchange;
  const refused = new Set(refusal?.names);
  const wanted = view.list(typeUrl).flatMap(({ name }) => (subscription.wants(name) ? [name] : []));
  const names = [...new Set([...wanted, ...subscription.held.keys(), ...subscription.exactNames])].sort();
  return names.map((name) => {
    const expected = view.get(typeUrl, name);
    const held = subscription.held.get(name);
    return {
      typeUrl,
      name,
      ...(expected === undefined ? {} : { expected }),
      ...(held === undefined ? {} : { sentVersion: held.version }),
      refused: refused.has(name),
    };
  });
}
