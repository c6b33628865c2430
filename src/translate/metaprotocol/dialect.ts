/** The two kinds of proxies that speak MetaProtocol, and what tells their configurations apart. */
import type { PortCodec } from '../../model/mesh-service.ts';
import type { ProxyKind } from '../../model/proxy.ts';

/**
 * `envoy-meta`: an Envoy with the MetaProtocol filter as deployed today. It reads the first generation of the codec's
 * fields and the deprecated header matchers, has a fixed set of codecs, and knows Aeraki's filters.
 * `metaproxy`: our own. It reads the second generation and string matchers, and takes codecs by their description.
 */
export type MetaKind = Extract<ProxyKind, 'envoy-meta' | 'metaproxy'>;

const aeraki = (...names: readonly string[]): ReadonlySet<string> =>
  new Set(names.map((name) => `aeraki.meta_protocol.codec.${name}`));

/**
 * Codecs that the other kind has and this one lacks. A name that stands nowhere may be a codec that a user built into
 * his proxies: those are served it.
 */
export const lackingCodecs: Readonly<Record<MetaKind, ReadonlySet<string>>> = {
  metaproxy: aeraki('brpc', 'trpc', 'videopacket'),
  'envoy-meta': aeraki(),
};

/** The MetaProtocol dialect of this kind for this codec; undefined when it can only pass the bytes through. */
export function metaKindFor(kind: ProxyKind, codec: PortCodec | undefined): MetaKind | undefined {
  if (codec === undefined || (kind !== 'metaproxy' && kind !== 'envoy-meta')) return undefined;
  if (codec.description !== undefined) return kind === 'metaproxy' ? kind : undefined;
  return lackingCodecs[kind].has(codec.protocol.codec) ? undefined : kind;
}
