/** What every resource has, whatever its kind. An absent optional field is an absent property. */
import type { Place } from '../../model/finding.ts';

export interface Metadata {
  /** Empty for cluster-wide kinds. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; absent for files, where age is unknown. */
  readonly created?: number;
  /** What an API server counts changes of the spec by; absent for files. */
  readonly generation?: number;
  /** Of the very object, which no other ever has; absent for files. */
  readonly uid?: string;
  readonly place?: Place;
}

export interface Resource<Kind extends string, Spec> {
  readonly kind: Kind;
  readonly apiVersion: string;
  /** `<kind>/<namespace>/<name>`: unique among all resources, without the version. */
  readonly key: string;
  readonly metadata: Metadata;
  readonly spec: Spec;
}
