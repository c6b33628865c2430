/** What is to be in the cluster: objects of several kinds, each with the labels that say whose it is. */

import type { ObjectRef } from '../../../model/finding.ts';
import { sourceAnnotation } from '../../../model/ownership.ts';

export interface WantedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: object;
  /** It is to be there, and what is there stays as it is: what to write is still to be told. */
  readonly awaitsAddress?: true;
}

/** A kind that is written. The first of the versions that the cluster has is written. */
export interface WrittenKind {
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly versions: readonly string[];
  readonly plural: string;
  /** Whether the API server overwrites what is there by what says that it is new: it does so for its own kinds. */
  readonly isBuiltIn: boolean;
}

/** Of a kind: `namespace/name`. */
export function placeOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

/** The object of a user that it comes from, as its annotation says; itself where that says nothing. */
export function originOf({ kind, metadata }: Pick<WantedObject, 'kind' | 'metadata'>): ObjectRef {
  const own = { kind, namespace: metadata.namespace, name: metadata.name };
  const written = metadata.annotations[sourceAnnotation] ?? '';
  const [, origin, namespace, name] = /^([A-Za-z]+) (?:([^/ ]+)\/)?([^/ ]+)$/.exec(written) ?? [];
  if (origin === undefined || name === undefined) return own;
  return { kind: origin, ...(namespace === undefined ? {} : { namespace }), name };
}
