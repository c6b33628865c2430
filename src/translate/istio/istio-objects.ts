/**
 * What Istio is told: objects of its API, each with the labels that say who wrote it and the annotation that says which
 * object of a user it comes from. They are values: two are the same object by key, and alike by content.
 */

import { type Finding, formatObject, type ObjectRef } from '../../model/finding.ts';
import { ownLabels, sourceAnnotation } from '../../model/ownership.ts';

export interface IstioMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface IstioObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: IstioMetadata;
  readonly spec: object;
  /** An address in it is still to be told: it is to be there, and not to be written before. */
  readonly awaitsAddress?: true;
}

export interface IstioTranslation<T extends IstioObject = IstioObject> {
  readonly objects: readonly T[];
  /** What Istio cannot be told. */
  readonly findings: readonly Finding[];
}

/** For whom objects are written. */
export interface IstioWriting {
  /** The name of this control plane in the cluster. */
  readonly revision: string;
  /** Whether Istio reads the very objects that we read: what a person wrote there is not written again. */
  readonly sharesObjects: boolean;
}

/** `Kind/namespace/name`. */
export function istioObjectKey({ kind, metadata: { namespace, name } }: IstioObject): string {
  return `${kind}/${namespace}/${name}`;
}

/** `source`: the object of a user that it comes from. */
export function ownMetadata(
  { revision }: IstioWriting,
  source: ObjectRef,
  { namespace, name }: Pick<IstioMetadata, 'namespace' | 'name'>,
): IstioMetadata {
  return {
    name,
    namespace,
    labels: ownLabels(revision),
    annotations: { [sourceAnnotation]: formatObject(source) },
  };
}
