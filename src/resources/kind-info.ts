/** What is known of a kind without reading an object: for `validate`, help and watches. */
import type { Kind } from './kinds.ts';

export interface KindInfo {
  /** Ours: unique among all groups, and what keys begin with. */
  readonly kind: Kind;
  /** The name in manifests, where another group has a kind of that name too; else absent. */
  readonly apiKind?: string;
  /** Empty for the core group. */
  readonly group: string;
  /** All versions that are read, the stored one first. */
  readonly versions: readonly string[];
  /** Either: its published CRDs differ; a namespace is kept where one is written. */
  readonly scope: 'Namespaced' | 'Cluster' | 'Either';
}

/** The kind as manifests write it. */
export function apiKindOf({ kind, apiKind }: Pick<KindInfo, 'kind' | 'apiKind'>): string {
  return apiKind ?? kind;
}
