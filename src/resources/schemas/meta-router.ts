/** metaprotocol.aeraki.io/v1alpha1 MetaRouter: routes and limits of one host's requests. */
import { duration, exportTo, portNumber, type Schema, uint32 } from '../schema-language.ts';

/** `{}` and null match any request that has the attribute. */
const stringMatch = {
  type: 'object',
  nullable: true,
  properties: {
    exact: { type: 'string', maxLength: 4096 },
    prefix: { type: 'string', maxLength: 4096 },
    regex: { type: 'string', maxLength: 1024 },
  },
} as const;

const match = {
  type: 'object',
  properties: { attributes: { type: 'object', maxProperties: 64, additionalProperties: stringMatch } },
} as const;

const destination = {
  type: 'object',
  required: ['host'],
  properties: {
    host: { type: 'string', minLength: 1, maxLength: 255 },
    subset: { type: 'string', maxLength: 63 },
    port: { type: 'object', required: ['number'], properties: { number: portNumber } },
  },
} as const;

const mutation = {
  type: 'array',
  maxItems: 256,
  items: {
    type: 'object',
    required: ['key', 'value'],
    properties: {
      key: { type: 'string', minLength: 1, maxLength: 1024 },
      value: { type: 'string', minLength: 1, maxLength: 16_384 },
    },
  },
} as const;

const route = {
  type: 'object',
  required: ['route'],
  properties: {
    name: { type: 'string', maxLength: 255 },
    match,
    route: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        required: ['destination'],
        properties: { destination, weight: { type: 'integer', minimum: 0, maximum: 100 } },
      },
    },
    mirror: destination,
    mirrorPercentage: {
      type: 'object',
      required: ['value'],
      properties: { value: { type: 'number', minimum: 0, maximum: 100 } },
    },
    requestMutation: mutation,
    responseMutation: mutation,
  },
} as const;

/** tokensPerFill: 1 when not written, as the API's text says (Aeraki's webhook refuses that, its generator crashes). */
const tokenBucket = {
  type: 'object',
  required: ['maxTokens', 'fillInterval'],
  properties: {
    maxTokens: { ...uint32, minimum: 1 },
    tokensPerFill: { ...uint32, minimum: 1 },
    fillInterval: duration,
  },
} as const;

const localRateLimit = {
  type: 'object',
  properties: {
    tokenBucket,
    conditions: {
      type: 'array',
      maxItems: 256,
      items: { type: 'object', required: ['match', 'tokenBucket'], properties: { match, tokenBucket } },
    },
  },
} as const;

/** requestTimeout: 20ms when not written, as the API's text says (Aeraki's generator crashes). */
const globalRateLimit = {
  type: 'object',
  required: ['domain', 'rateLimitService', 'descriptors'],
  properties: {
    match,
    domain: { type: 'string', minLength: 1, maxLength: 255 },
    requestTimeout: duration,
    denyOnFail: { type: 'boolean' },
    rateLimitService: { type: 'string', minLength: 1, maxLength: 512 },
    descriptors: {
      type: 'array',
      minItems: 1,
      maxItems: 64,
      items: {
        type: 'object',
        required: ['property', 'descriptorKey'],
        properties: {
          property: { type: 'string', minLength: 1, maxLength: 255 },
          descriptorKey: { type: 'string', minLength: 1, maxLength: 255 },
        },
      },
    },
  },
} as const;

export const metaRouterSpec = {
  type: 'object',
  required: ['hosts'],
  properties: {
    hosts: { type: 'array', minItems: 1, maxItems: 1, items: { type: 'string', minLength: 1, maxLength: 255 } },
    gateways: { type: 'array', maxItems: 64, items: { type: 'string', minLength: 1, maxLength: 317 } },
    routes: { type: 'array', maxItems: 1000, items: route },
    localRateLimit,
    globalRateLimit,
    exportTo,
  },
} as const satisfies Schema;
