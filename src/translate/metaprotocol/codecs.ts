/** How a proxy is told which codec reads a port: by name, or, where the codec is a description, by the description itself. */
import type { PortCodec } from '../../model/mesh-service.ts';
import { type Any, type aeraki, pack } from '../../xds-api/messages.ts';
import { fromJson } from '../../xds-api/proto-json.ts';
import type { MetaKind } from './dialect.ts';

type CodecFields = Pick<
  aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy,
  'applicationProtocol' | 'codec' | 'protocol'
>;

const PROTOCOL_CODEC_URL = 'type.googleapis.com/isthmus.dev.v1alpha1.ProtocolCodec';

/** A codec serves many ports, and its description is long: it is packed once. */
const descriptions = new WeakMap<PortCodec, Any>();

/** Deployed proxies are given both generations of the fields: which one they read depends on their age. */
export function codecFields(port: PortCodec, kind: MetaKind): CodecFields {
  const { name, codec: codecName, multiplexing } = port.protocol;
  const config = codecConfig(port);
  const codec = { name: codecName, ...(config === undefined ? {} : { config }) };
  const protocol = { name, codec, ...(multiplexing ? { multiplexing } : {}) };
  return kind === 'envoy-meta' ? { applicationProtocol: name, codec, protocol } : { protocol };
}

function codecConfig(port: PortCodec): Any | undefined {
  if (port.description === undefined) return undefined;
  let packed = descriptions.get(port);
  if (packed === undefined) {
    const value = fromJson('google.protobuf.Struct', port.description);
    packed = pack('xds.type.v3.TypedStruct', { typeUrl: PROTOCOL_CODEC_URL, value });
    descriptions.set(port, packed);
  }
  return packed;
}
