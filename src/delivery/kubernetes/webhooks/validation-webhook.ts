/**
 * The validating webhook: what `isthmus validate` says of an object, before an API server takes it.
 *
 *   the object alone is wrong        --> denied, with each error
 *   wrong as it was before           --> let in, with a warning: who removes a finalizer need not mend the spec
 *   in the mesh as it is now: wrong  --> let in, with a warning: what it refers to may come a moment later
 */

import type { Finding, ObjectRef } from '../../../model/finding.ts';
import { revisionLabel } from '../../../model/ownership.ts';
import type { AdmissionAnswer, AdmissionRequest } from './admission-review.ts';
import { admissionText, saysSame } from './finding-text.ts';
import type { Webhook } from './webhook-listener.ts';

/** Of an object of a manifest. `Resource`: what it is read as, for those who know the mesh. */
interface Reading<Resource> {
  readonly object: ObjectRef;
  /** Absent when the object is refused, or is none that is read. */
  readonly resource?: Resource;
  readonly findings: readonly Finding[];
}

export interface ValidationSurroundings<Resource> {
  readonly read: (object: unknown) => Reading<Resource>;
  readonly revision: string;
  readonly findingsInMesh: (resource: Resource, object: ObjectRef) => Promise<readonly Finding[]>;
}

export function validationWebhook<Resource>(surroundings: ValidationSurroundings<Resource>): Webhook {
  return (request) => review(request, surroundings);
}

async function review<Resource>(
  request: AdmissionRequest,
  surroundings: ValidationSurroundings<Resource>,
): Promise<AdmissionAnswer> {
  const { operation, object, oldObject } = request;
  const { read, revision, findingsInMesh } = surroundings;
  if ((operation !== 'CREATE' && operation !== 'UPDATE') || !isObject(object)) return {};
  if (isLeaving(object) || isOfAnother(object, revision)) return {};
  const { findings, resource, object: named } = read(asNamed(object, request));
  const errors = findings.filter(({ severity }) => severity === 'error');
  const former = errors.length === 0 || operation === 'CREATE' ? [] : read(asNamed(oldObject, request)).findings;
  const isFormer = (error: Finding): boolean => former.some((one) => saysSame(one, error));
  const fresh = errors.filter((error) => !isFormer(error));
  const inMesh = resource === undefined ? [] : await findingsInMesh(resource, named);
  const warnings = [
    ...errors.filter(isFormer),
    ...findings.filter(({ severity }) => severity === 'warning'),
    ...inMesh.filter((one) => !findings.some((other) => saysSame(one, other))),
  ].map(admissionText);
  if (fresh.length === 0) return { warnings };
  return { refusal: fresh.map(admissionText).join('\n'), warnings };
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function metadataOf({ metadata }: Fields): Fields {
  return isObject(metadata) ? metadata : {};
}

/** Deleted, and waiting for its finalizers. */
function isLeaving(object: Fields): boolean {
  return metadataOf(object).deletionTimestamp !== undefined;
}

function isOfAnother(object: Fields, revision: string): boolean {
  const { labels } = metadataOf(object);
  const named = isObject(labels) ? labels[revisionLabel] : undefined;
  return named !== undefined && named !== revision;
}

/** The server makes some names itself, and may not have told them to the object yet. */
function asNamed(object: unknown, { namespace, name }: AdmissionRequest): unknown {
  if (!isObject(object)) return object;
  const { generateName, ...metadata } = metadataOf(object);
  const made = typeof generateName === 'string' ? `${generateName}x` : undefined;
  const called = metadata.name ?? (name === '' ? made : name);
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(called === undefined ? {} : { name: called }),
      ...(namespace === '' ? {} : { namespace }),
    },
  };
}
