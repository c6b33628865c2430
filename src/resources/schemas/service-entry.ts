/** networking.istio.io ServiceEntry: a service that the mesh does not discover by itself. */
import { exportTo, labels, portNumber, type Schema } from '../schema-language.ts';
import { workloadEntrySpec } from './workload.ts';

/** Who wrote the object did not write this: nothing in it is a mistake of theirs. */
export const serviceEntryStatus = {
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  properties: {
    addresses: {
      type: 'array',
      items: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { value: { type: 'string' }, host: { type: 'string' } },
      },
    },
  },
} as const satisfies Schema;

export const serviceEntrySpec = {
  type: 'object',
  required: ['hosts'],
  properties: {
    hosts: { type: 'array', minItems: 1, maxItems: 256, items: { type: 'string', minLength: 1, maxLength: 255 } },
    /** IP addresses and CIDR ranges. */
    addresses: { type: 'array', maxItems: 256, items: { type: 'string', maxLength: 64 } },
    ports: {
      type: 'array',
      maxItems: 256,
      items: {
        type: 'object',
        required: ['number', 'name'],
        properties: {
          number: portNumber,
          name: { type: 'string', minLength: 1, maxLength: 256 },
          protocol: { type: 'string', maxLength: 256 },
          targetPort: portNumber,
        },
      },
    },
    location: { type: 'string', enum: ['MESH_EXTERNAL', 'MESH_INTERNAL'] },
    resolution: { type: 'string', enum: ['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'] },
    endpoints: { type: 'array', maxItems: 4096, items: workloadEntrySpec },
    workloadSelector: { type: 'object', properties: { labels } },
    exportTo,
    subjectAltNames: { type: 'array', maxItems: 256, items: { type: 'string', minLength: 1, maxLength: 2048 } },
  },
} as const satisfies Schema;
