/** What is known of a kind without reading an object: for `validate`, help and watches. */

/** `K`: its own name, where that is known. */
export interface KindInfo<K extends string = string> {
  /** Ours: unique among all groups, and what keys begin with. */
  readonly kind: K;
  /** The name in manifests, where another group has a kind of that name too; else absent. */
  readonly apiKind?: string;
  /** Empty for the core group. */
  readonly group: string;
  /** As in an API server's paths and in its rules of access. */
  readonly plural: string;
  /** All versions that are read, the stored one first. */
  readonly versions: readonly string[];
  /** Either: its published CRDs differ; a namespace is kept where one is written. */
  readonly scope: 'Namespaced' | 'Cluster' | 'Either';
  /** Its objects keep callers out: who has never read them is not to serve as if there were none. */
  readonly keepsOut?: true;
}

/** The kind as manifests write it. */
export function apiKindOf({ kind, apiKind }: Pick<KindInfo, 'kind' | 'apiKind'>): string {
  return apiKind ?? kind;
}
