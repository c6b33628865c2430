/** The http routes of a networking.istio.io VirtualService: what is acted on in full, what is not as it is written. */
import { anyObject, duration, labels, portNumber, uint32 } from '../schema-language.ts';

const text = { type: 'string', maxLength: 1024 } as const;
const texts = { type: 'array', maxItems: 1024, items: text } as const;
const flag = { type: 'boolean' } as const;

/** What becomes part of a header: no line ends in it. */
const headerValue = { type: 'string', maxLength: 8192, pattern: '^[^\\r\\n\\x00]*$' } as const;

const stringMatch = {
  type: 'object',
  properties: { exact: text, prefix: text, regex: { type: 'string', maxLength: 1024 } },
} as const;
const stringMatches = { type: 'object', maxProperties: 256, additionalProperties: stringMatch } as const;

const destination = {
  type: 'object',
  required: ['host'],
  properties: {
    host: { type: 'string', minLength: 1, maxLength: 255 },
    subset: { type: 'string', maxLength: 63 },
    port: { type: 'object', properties: { number: portNumber } },
  },
} as const;

const percent = { type: 'object', properties: { value: { type: 'number', minimum: 0, maximum: 100 } } } as const;

const headerValues = { type: 'object', maxProperties: 256, additionalProperties: headerValue } as const;
const headerOperations = {
  type: 'object',
  properties: { set: headerValues, add: headerValues, remove: { type: 'array', maxItems: 256, items: text } },
} as const;
const headers = { type: 'object', properties: { request: headerOperations, response: headerOperations } } as const;

export const weightedDestinations = {
  type: 'array',
  maxItems: 256,
  items: {
    type: 'object',
    required: ['destination'],
    properties: { destination, weight: { type: 'integer', minimum: 0, maximum: 2_147_483_647 }, headers },
  },
} as const;

const httpMatch = {
  type: 'object',
  properties: {
    name: text,
    uri: stringMatch,
    scheme: stringMatch,
    method: stringMatch,
    authority: stringMatch,
    headers: stringMatches,
    withoutHeaders: stringMatches,
    queryParams: stringMatches,
    port: portNumber,
    sourceLabels: labels,
    sourceNamespace: text,
    gateways: texts,
    ignoreUriCase: flag,
    statPrefix: text,
  },
} as const;

const redirect = {
  type: 'object',
  properties: {
    uri: headerValue,
    authority: headerValue,
    port: portNumber,
    derivePort: { type: 'string', enum: ['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'] },
    scheme: headerValue,
    redirectCode: uint32,
    prefixRewrite: headerValue,
  },
} as const;

const directResponse = {
  type: 'object',
  required: ['status'],
  properties: {
    status: { type: 'integer', minimum: 200, maximum: 599 },
    body: {
      type: 'object',
      properties: {
        string: { type: 'string', maxLength: 1_048_576 },
        bytes: { type: 'string', maxLength: 1_048_576, pattern: '^[A-Za-z0-9+/_-]*={0,2}$' },
      },
    },
  },
} as const;

const fault = {
  type: 'object',
  properties: {
    delay: {
      type: 'object',
      properties: {
        percent: { type: 'integer', minimum: 0, maximum: 100 },
        percentage: percent,
        fixedDelay: duration,
        exponentialDelay: duration,
      },
    },
    abort: {
      type: 'object',
      properties: {
        httpStatus: { type: 'integer', minimum: 200, maximum: 599 },
        grpcStatus: text,
        http2Error: text,
        percentage: percent,
      },
    },
  },
} as const;

const retries = {
  type: 'object',
  properties: {
    attempts: { type: 'integer', minimum: 0, maximum: 2_147_483_647 },
    perTryTimeout: duration,
    retryOn: text,
    retryRemoteLocalities: flag,
    retryIgnorePreviousHosts: flag,
    backoff: duration,
  },
} as const;

/** Each becomes part of a header of answers. */
const listedValues = { type: 'array', maxItems: 256, items: { ...headerValue, maxLength: 256 } } as const;

const corsPolicy = {
  type: 'object',
  properties: {
    allowOrigin: { type: 'array', maxItems: 256, items: text },
    allowOrigins: { type: 'array', maxItems: 256, items: stringMatch },
    allowMethods: listedValues,
    allowHeaders: listedValues,
    exposeHeaders: listedValues,
    maxAge: duration,
    allowCredentials: flag,
    unmatchedPreflights: { type: 'string', enum: ['UNSPECIFIED', 'FORWARD', 'IGNORE'] },
  },
} as const;

const mirrorPercent = { type: 'integer', minimum: 0, maximum: 100 } as const;

export const httpRoutes = {
  type: 'array',
  maxItems: 4096,
  items: {
    type: 'object',
    properties: {
      name: text,
      match: { type: 'array', maxItems: 1024, items: httpMatch },
      route: weightedDestinations,
      redirect,
      directResponse,
      delegate: anyObject,
      rewrite: {
        type: 'object',
        properties: { uri: headerValue, authority: headerValue, uriRegexRewrite: anyObject },
      },
      timeout: duration,
      retries,
      fault,
      mirror: destination,
      mirrors: {
        type: 'array',
        maxItems: 256,
        items: { type: 'object', required: ['destination'], properties: { destination, percentage: percent } },
      },
      mirrorPercent,
      mirrorPercentage: percent,
      mirror_percent: mirrorPercent,
      corsPolicy,
      headers,
    },
  },
} as const;
