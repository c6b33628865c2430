/** networking.istio.io WorkloadEntry (also inline in a ServiceEntry) and WorkloadGroup. */
import { anyObject, labels, portNumber, type Schema, uint32 } from '../schema-language.ts';

export const workloadEntrySpec = {
  type: 'object',
  properties: {
    /** An IP address, a host name or `unix:///path`; may be left out when a network is named. */
    address: { type: 'string', maxLength: 256 },
    ports: { type: 'object', maxProperties: 128, additionalProperties: portNumber },
    labels,
    network: { type: 'string', maxLength: 2048 },
    /** `region/zone/subzone` */
    locality: { type: 'string', maxLength: 2048 },
    /** 0 counts as 1. */
    weight: uint32,
    serviceAccount: { type: 'string', maxLength: 253 },
  },
} as const satisfies Schema;

export const workloadGroupSpec = {
  type: 'object',
  required: ['template'],
  properties: {
    metadata: { type: 'object', properties: { labels, annotations: labels } },
    template: workloadEntrySpec,
    probe: anyObject,
  },
} as const satisfies Schema;
