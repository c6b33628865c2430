/** What is known of a kind without reading an object: for `validate`, help and watches. */
import type { ObjectRef } from '../model/finding.ts';

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

/** Groups that every API server has of itself. */
const builtInGroups: ReadonlySet<string> = new Set(['', 'discovery.k8s.io']);

/** What a finding about a kind as a whole names: its definition, or where an API server needs none, what it serves (`kubectl api-resources`). */
export function servingObject({ group, plural }: Pick<KindInfo, 'group' | 'plural'>): ObjectRef {
  const kind = builtInGroups.has(group) ? 'APIResource' : 'CustomResourceDefinition';
  return { kind, name: group === '' ? plural : `${plural}.${group}` };
}
