/** metaprotocol.aeraki.io/v1alpha1 ApplicationProtocol: names a codec for a protocol. */
import type { Schema } from '../schema-language.ts';

export const applicationProtocolSpec = {
  type: 'object',
  required: ['protocol', 'codec'],
  properties: {
    protocol: { type: 'string', minLength: 1, maxLength: 40 },
    codec: { type: 'string', minLength: 1, maxLength: 253 },
  },
} as const satisfies Schema;
