/** A private protocol as the mesh knows it: the name used in port names, and the codec that reads it. */
import type { ObjectRef } from './finding.ts';

export interface Protocol {
  /** The third token of a port name: `tcp-metaprotocol-<name>-...`. */
  readonly name: string;
  /** The codec's registry name, e.g. `aeraki.meta_protocol.codec.thrift`, or the name of a ProtocolCodec. */
  readonly codec: string;
  /** Whether callers' requests may share an upstream connection (MetaProtocol's `multiplexing`). */
  readonly multiplexing: boolean;
  readonly object: ObjectRef;
}

/** What a codec can do with its frames. */
export interface CodecAbilities {
  /** All properties that a frame can have; absent where frames carry properties of any name. */
  readonly properties?: readonly string[];
  /** Whether it changes requests and responses. */
  readonly mutates: boolean;
  /** Whether callers may share a connection, as ids can be rewritten. */
  readonly sharesConnections: boolean;
  /** Why no frame can be given a key-value, where that is known beforehand. */
  readonly whyNotSettable: (side: 'request' | 'response', key: string, value: string) => string | undefined;
}
