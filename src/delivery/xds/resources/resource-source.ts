/**
 * What the xDS server serves from: encoded resources in scopes. The server knows nothing of meshes; a test can drive
 * it with any resources. One resource is encoded once, and its bytes are shared by every proxy that gets it.
 */
import type { ProxyNode } from '../../../model/proxy.ts';

export interface EncodedResource {
  readonly typeUrl: string;
  readonly name: string;
  /** Hash of `body`: equal content has an equal version on every replica and after a restart. */
  readonly version: string;
  /** The serialised message (the `value` of the Any). Never written to. */
  readonly body: Uint8Array;
}

/** The names of one type that changed in one batch. */
export type ChangeListener = (typeUrl: string, names: readonly string[]) => void;

/** What one proxy may see. Views of proxies that may see the same share their content. */
export interface ResourceView {
  get(typeUrl: string, name: string): EncodedResource | undefined;
  /** Names of a type, sorted. */
  names(typeUrl: string): readonly string[];
  /** Resources of a type, sorted by name; the same array until one of them changes, so that responses can be shared. */
  list(typeUrl: string): readonly EncodedResource[];
  /** Called after each batch that changes something in this view; returns how to stop it. */
  subscribe(listener: ChangeListener): () => void;
}

export interface ResourceSource {
  /** Types that the source can serve to this proxy; a request for another type is answered with nothing and reported. */
  types(proxy: ProxyNode): readonly string[];
  view(proxy: ProxyNode): ResourceView;
}
