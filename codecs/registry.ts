/**
 * Codecs by name. A name comes from an ApplicationProtocol or from a proxy's configuration; a description, where there
 * is one, is the spec of the ProtocolCodec of that name, and it wins over a built-in codec: who writes one means it.
 */
import { awesomerpc } from './awesomerpc/awesomerpc.ts';
import type { Codec } from './codec.ts';
import { compileDescription, type DescriptionProblem } from './declarative/compile.ts';
import { dubbo } from './dubbo/dubbo.ts';
import { qza } from './qza/qza.ts';
import { thrift } from './thrift/thrift.ts';

/** By registry name, `aeraki.meta_protocol.codec.<protocol>`. */
export const builtInCodecs: ReadonlyMap<string, Codec> = new Map(
  [awesomerpc, dubbo, qza, thrift].map((codec) => [codec.name, codec]),
);

/** Codecs that users brought along: see codec-modules.ts. */
const registeredCodecs = new Map<string, Codec>();

/** Throws for the name of a built-in codec; a name that was registered before gets the new codec. */
export function registerCodec(codec: Codec): void {
  if (builtInCodecs.has(codec.name))
    throw new TypeError(`The codec ${codec.name} is built in; give yours another name.`);
  registeredCodecs.set(codec.name, codec);
}

export type FoundCodec = { readonly codec: Codec } | { readonly problems: readonly DescriptionProblem[] };

/** Undefined when the name is no built-in or registered codec's and no description is given; problems when that does not compile. */
export function findCodec(name: string, description?: unknown): FoundCodec | undefined {
  if (description !== undefined) return compileDescription(description, name);
  const codec = builtInCodecs.get(name) ?? registeredCodecs.get(name);
  return codec === undefined ? undefined : { codec };
}
