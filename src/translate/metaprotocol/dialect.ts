/** The two kinds of proxies that speak MetaProtocol, and what tells their configurations apart. */
import type { PortCodec } from '../../model/mesh-service.ts';
import type { ProxyKind } from '../../model/proxy.ts';

/**
 * `envoy-meta`: an Envoy with the MetaProtocol filter as deployed today. It reads the first generation of the codec's
 * fields and the deprecated header matchers, has a fixed set of codecs, and knows Aeraki's filters.
 * `metaproxy`: our own. It reads the second generation and string matchers, and takes codecs by their description.
 */
export type MetaKind = Extract<ProxyKind, 'envoy-meta' | 'metaproxy'>;

/** The MetaProtocol dialect of this kind for this codec; undefined when it can only pass the bytes through. */
export function metaKindFor(kind: ProxyKind, codec: PortCodec | undefined): MetaKind | undefined {
  if (codec === undefined) return undefined;
  if (kind === 'metaproxy') return kind;
  return kind === 'envoy-meta' && codec.description === undefined ? kind : undefined;
}
