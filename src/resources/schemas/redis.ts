/** redis.aeraki.io RedisService and RedisDestination. */
import { duration, type Schema, uint32 } from '../schema-language.ts';
import { tcpSettings } from './destination-rule.ts';

const host = { type: 'string', minLength: 1, maxLength: 253 } as const;
const flag = { type: 'boolean' } as const;
const fieldName = { type: 'string', maxLength: 253 } as const;
const credential = { type: 'string', maxLength: 4096 } as const;

const auth = {
  type: 'object',
  properties: {
    plain: {
      type: 'object',
      required: ['password'],
      properties: { password: credential, username: credential },
    },
    secret: {
      type: 'object',
      required: ['name'],
      properties: { name: fieldName, passwordField: fieldName, usernameField: fieldName },
    },
  },
} as const;

/** Port 0 is no port. */
const target = {
  type: 'object',
  required: ['host'],
  properties: { host, port: { type: 'integer', minimum: 0, maximum: 65535 } },
} as const;

const percentage = { type: 'object', properties: { value: { type: 'number', minimum: 0, maximum: 100 } } } as const;

const route = {
  type: 'object',
  required: ['route'],
  properties: {
    match: {
      type: 'object',
      properties: {
        key: {
          type: 'object',
          properties: { prefix: { type: 'string', maxLength: 4096 }, removePrefix: flag },
        },
      },
    },
    route: target,
    mirror: {
      type: 'array',
      maxItems: 64,
      items: {
        type: 'object',
        required: ['route'],
        properties: { route: target, percentage, excludeReadCommands: flag },
      },
    },
  },
} as const;

export const redisServiceSpec = {
  type: 'object',
  required: ['host'],
  properties: {
    host: { type: 'array', minItems: 1, maxItems: 256, items: host },
    settings: {
      type: 'object',
      properties: {
        caseInsensitive: flag,
        opTimeout: duration,
        enableCommandStats: flag,
        maxBufferSizeBeforeFlush: uint32,
        bufferFlushTimeout: duration,
        maxUpstreamUnknownConnections: uint32,
        enableHashtagging: flag,
        enableRedirection: flag,
        readPolicy: { type: 'string', enum: ['MASTER', 'PREFER_MASTER', 'REPLICA', 'PREFER_REPLICA', 'ANY'] },
        auth,
      },
    },
    redis: { type: 'array', maxItems: 1024, items: route },
    faults: {
      type: 'array',
      maxItems: 256,
      items: {
        type: 'object',
        properties: {
          type: { type: 'string', enum: ['DELAY', 'ERROR'] },
          percentage,
          delay: duration,
          commands: { type: 'array', maxItems: 512, items: { type: 'string', minLength: 1, maxLength: 64 } },
        },
      },
    },
  },
} as const satisfies Schema;

export const redisDestinationSpec = {
  type: 'object',
  required: ['host'],
  properties: {
    host,
    trafficPolicy: {
      type: 'object',
      properties: {
        connectionPool: {
          type: 'object',
          properties: {
            tcp: tcpSettings,
            redis: {
              type: 'object',
              properties: {
                mode: { type: 'string', enum: ['PROXY', 'CLUSTER'] },
                auth,
                discoveryEndpoints: { type: 'array', maxItems: 256, items: { type: 'string', maxLength: 300 } },
              },
            },
          },
        },
      },
    },
  },
} as const satisfies Schema;
