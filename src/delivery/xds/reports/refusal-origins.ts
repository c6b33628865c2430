/** What a user wrote that a refused resource is made of: a proxy speaks of its own terms, and the user knows none of them. */
import type { ObjectRef } from '../../../model/finding.ts';
import type { ProxyNode } from '../../../model/proxy.ts';

/**
 * `words`: those of the proxy that refused, which may tell which of the objects it is. Empty where nothing is known of the
 * resource.
 */
export type OriginsOf = (
  resource: { readonly typeUrl: string; readonly name: string },
  words: string,
  proxy: ProxyNode,
) => readonly ObjectRef[];
