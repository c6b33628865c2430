/**
 * A finding is what the product says about a user's mistake, or about a rule that it cannot enforce. The same finding
 * is printed by `validate` and `analyze`, written to status, and shown by the admin API; its code is stable.
 */
import { catalogue, type FindingCode, type Severity } from './finding-catalogue.ts';

/**
 * The object that a finding is about: that which is to be mended. `namespace` is absent for cluster-wide kinds and for
 * things that are no objects.
 */
export interface ObjectRef {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** The API group, empty for that of the core; absent for what is no object of an API, and where nobody asked for it. */
  readonly group?: string;
  /** The control plane that alone heeds it, where its label names one. */
  readonly revision?: string;
  /** metadata.generation of what was read; absent for files, and where nobody asked for it. */
  readonly generation?: number;
}

/** Where an object was written: line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly object: ObjectRef;
  /** Path in the object, as kubectl prints it: `spec.routes[0].match`. Empty for the object as a whole. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
  readonly place?: Place;
}

export interface FindingDetails {
  readonly object: ObjectRef;
  readonly path?: string;
  readonly message: string;
  /** Overrides the catalogue's remedy where the case allows a more exact one. */
  readonly remedy?: string;
  readonly place?: Place;
}

export function finding(code: FindingCode, details: FindingDetails): Finding {
  const entry = catalogue[code];
  return {
    code,
    severity: entry.severity,
    object: details.object,
    path: details.path ?? '',
    message: details.message,
    remedy: details.remedy ?? entry.remedy,
    ...(details.place === undefined ? {} : { place: details.place }),
  };
}

/** `Kind namespace/name`, the way every output names an object. */
export function formatObject(object: ObjectRef): string {
  return object.namespace === undefined
    ? `${object.kind} ${object.name}`
    : `${object.kind} ${object.namespace}/${object.name}`;
}

/** With a full stop where the text has no end mark of its own: the next sentence may follow. */
export function endSentence(text: string): string {
  return text === '' || /[.!?:;…]["')\]]*$/.test(text) ? text : `${text}.`;
}
