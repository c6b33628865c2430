/**
 * The validating webhook: what `isthmus validate` says of an object, before an API server takes it.
 *
 *   the object alone is wrong        --> denied, with each error
 *   wrong as it was before           --> let in, with a warning: who removes a finalizer need not mend the spec
 *   in the mesh as it is now: wrong  --> let in, with a warning: what it refers to may come a moment later
 */

import type { AdmissionAnswer, AdmissionRequest } from '../../delivery/kubernetes/webhooks/admission-review.ts';
import { admissionText, saysSame } from '../../delivery/kubernetes/webhooks/finding-text.ts';
import type { Webhook } from '../../delivery/kubernetes/webhooks/webhook-listener.ts';
import type { Finding, ObjectRef } from '../../model/finding.ts';
import { revisionLabel } from '../../model/ownership.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import type { ObjectReading } from '../../resources/reader.ts';

export interface ValidationSurroundings {
  readonly read: (object: unknown) => ObjectReading;
  readonly revision: string;
  readonly findingsInMesh: (resource: AnyResource, object: ObjectRef) => Promise<readonly Finding[]>;
}

export function validationWebhook(surroundings: ValidationSurroundings): Webhook {
  return (request) => review(request, surroundings);
}

async function review(request: AdmissionRequest, surroundings: ValidationSurroundings): Promise<AdmissionAnswer> {
  const { operation, object, oldObject } = request;
  const { read, revision, findingsInMesh } = surroundings;
  if ((operation !== 'CREATE' && operation !== 'UPDATE') || !isMap(object)) return {};
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

function metadataOf({ metadata }: PlainMap): PlainMap {
  return isMap(metadata) ? metadata : {};
}

/** Deleted, and waiting for its finalizers. */
function isLeaving(object: PlainMap): boolean {
  return metadataOf(object).deletionTimestamp !== undefined;
}

function isOfAnother(object: PlainMap, revision: string): boolean {
  const { labels } = metadataOf(object);
  const named = isMap(labels) ? labels[revisionLabel] : undefined;
  return named !== undefined && named !== revision;
}

/** The server makes some names itself, and may not have told them to the object yet. */
function asNamed(object: unknown, { namespace, name }: AdmissionRequest): unknown {
  if (!isMap(object)) return object;
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
