/** What every object has: apiVersion, kind, metadata and, where a controller writes one, status. */
import { anyObject, labels, type Schema } from '../schema-language.ts';

const text = { type: 'string', maxLength: 1024 } as const;

const metadata = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 253 },
    namespace: { type: 'string', maxLength: 63 },
    labels,
    annotations: {
      type: 'object',
      maxProperties: 1024,
      additionalProperties: { type: 'string', maxLength: 262_144 },
    },
    creationTimestamp: text,
    // Written by API servers and found in what kubectl prints; held as they are.
    generateName: text,
    uid: text,
    resourceVersion: text,
    generation: { type: 'integer' },
    selfLink: text,
    deletionTimestamp: text,
    deletionGracePeriodSeconds: { type: 'integer' },
    finalizers: { type: 'array', maxItems: 256, items: text },
    ownerReferences: { type: 'array', maxItems: 256, items: anyObject },
    managedFields: { type: 'array', maxItems: 1024, items: anyObject },
  },
} as const satisfies Schema;

export const objectHead = {
  apiVersion: text,
  kind: text,
  metadata,
  status: anyObject,
} as const satisfies Readonly<Record<string, Schema>>;
