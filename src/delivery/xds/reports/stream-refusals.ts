/** What the proxy behind a stream refuses, and which objects of users that comes of. */
import type { ObjectRef } from '../../../model/finding.ts';
import type { ProxyNode } from '../../../model/proxy.ts';
import type { XdsStream } from '../streams/stream.ts';
import type { OriginsOf } from './refusal-origins.ts';

export interface Refusal {
  readonly proxy: ProxyNode;
  readonly typeUrl: string;
  /** The proxy's words; may be empty. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly objects: readonly ObjectRef[];
}

/** A proxy that refuses more than that at once means none of them. */
const mostNames = 5;

export function refusalsIn({ node, exchanges }: XdsStream, originsOf: OriginsOf): readonly Refusal[] {
  if (node === undefined) return [];
  return exchanges.flatMap(({ typeUrl, refusal }) => {
    if (refusal === undefined) return [];
    const { names, message, at } = refusal;
    const blamed = refusal.named || names.length <= mostNames ? names.slice(0, mostNames) : [];
    const objects = blamed.flatMap((name) => originsOf({ typeUrl, name }, message, node));
    return [{ proxy: node, typeUrl, message, at, objects }];
  });
}
