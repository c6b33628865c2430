/** networking.istio.io DestinationRule: how callers use a host's connections, and its subsets. */
import { anyObject, duration, exportTo, labels, portNumber, type Schema, uint32 } from '../schema-language.ts';

const count = { type: 'integer', minimum: 0, maximum: 2_147_483_647 } as const;
const ringSize = { type: 'integer', minimum: 0, maximum: 8_388_608 } as const;
const stringList = { type: 'array', maxItems: 256, items: { type: 'string', maxLength: 2048 } } as const;

/** `region/zone/subzone`, of which `*` is any, and what is left out. */
const place = { type: 'string', maxLength: 512 } as const;

const consistentHash = {
  type: 'object',
  properties: {
    httpHeaderName: { type: 'string', maxLength: 256 },
    httpCookie: {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', maxLength: 1024 },
        path: { type: 'string', maxLength: 2048 },
        ttl: duration,
        attributes: { type: 'array', maxItems: 64, items: anyObject },
      },
    },
    useSourceIp: { type: 'boolean' },
    httpQueryParameterName: { type: 'string', maxLength: 1024 },
    /** Envoy takes rings of up to 8,388,608 entries and tables of up to 5,000,011. */
    ringHash: { type: 'object', properties: { minimumRingSize: ringSize } },
    maglev: { type: 'object', properties: { tableSize: { type: 'integer', minimum: 0, maximum: 5_000_011 } } },
    minimumRingSize: ringSize,
  },
} as const;

const loadBalancer = {
  type: 'object',
  properties: {
    simple: {
      type: 'string',
      enum: ['UNSPECIFIED', 'LEAST_CONN', 'LEAST_REQUEST', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN'],
    },
    consistentHash,
    localityLbSetting: {
      type: 'object',
      properties: {
        distribute: {
          type: 'array',
          maxItems: 256,
          items: {
            type: 'object',
            properties: {
              from: place,
              to: {
                type: 'object',
                maxProperties: 256,
                additionalProperties: { type: 'integer', minimum: 0, maximum: 100 },
              },
            },
          },
        },
        failover: {
          type: 'array',
          maxItems: 256,
          items: { type: 'object', properties: { from: place, to: place } },
        },
        failoverPriority: stringList,
        enabled: { type: 'boolean' },
      },
    },
    warmup: {
      type: 'object',
      required: ['duration'],
      properties: {
        duration,
        minimumPercent: { type: 'number', minimum: 0, maximum: 100 },
        aggression: { type: 'number', minimum: 1 },
      },
    },
    warmupDurationSecs: duration,
  },
} as const;

export const tcpSettings = {
  type: 'object',
  properties: {
    maxConnections: count,
    connectTimeout: duration,
    tcpKeepalive: { type: 'object', properties: { probes: uint32, time: duration, interval: duration } },
    maxConnectionDuration: duration,
    idleTimeout: duration,
  },
} as const;

const connectionPool = {
  type: 'object',
  properties: {
    tcp: tcpSettings,
    http: {
      type: 'object',
      properties: {
        http1MaxPendingRequests: count,
        http2MaxRequests: count,
        maxRequestsPerConnection: count,
        maxRetries: count,
        maxConcurrentStreams: count,
        idleTimeout: duration,
        h2UpgradePolicy: { type: 'string', enum: ['DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'] },
        useClientProtocol: { type: 'boolean' },
      },
    },
  },
} as const;

const percent = { type: 'integer', minimum: 0, maximum: 100 } as const;

const outlierDetection = {
  type: 'object',
  properties: {
    consecutiveErrors: count,
    splitExternalLocalOriginErrors: { type: 'boolean' },
    consecutiveLocalOriginFailures: uint32,
    consecutiveGatewayErrors: uint32,
    consecutive5xxErrors: uint32,
    interval: duration,
    baseEjectionTime: duration,
    maxEjectionPercent: percent,
    minHealthPercent: percent,
  },
} as const;

const tls = {
  type: 'object',
  properties: {
    mode: { type: 'string', enum: ['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'] },
    clientCertificate: { type: 'string', maxLength: 4096 },
    privateKey: { type: 'string', maxLength: 4096 },
    caCertificates: { type: 'string', maxLength: 4096 },
    credentialName: { type: 'string', maxLength: 253 },
    subjectAltNames: stringList,
    sni: { type: 'string', maxLength: 255 },
    insecureSkipVerify: { type: 'boolean' },
    caCrl: { type: 'string', maxLength: 4096 },
  },
} as const;

const portPolicy = { loadBalancer, connectionPool, outlierDetection, tls } as const;

export const trafficPolicy = {
  type: 'object',
  properties: {
    ...portPolicy,
    portLevelSettings: {
      type: 'array',
      maxItems: 4096,
      items: {
        type: 'object',
        required: ['port'],
        properties: {
          port: { type: 'object', required: ['number'], properties: { number: portNumber } },
          ...portPolicy,
        },
      },
    },
    tunnel: {
      type: 'object',
      required: ['targetHost', 'targetPort'],
      properties: {
        protocol: { type: 'string', maxLength: 16 },
        targetHost: { type: 'string', maxLength: 255 },
        targetPort: portNumber,
      },
    },
    proxyProtocol: { type: 'object', properties: { version: { type: 'string', enum: ['V1', 'V2'] } } },
    retryBudget: {
      type: 'object',
      properties: {
        percent: { type: 'number', minimum: 0, maximum: 100 },
        minRetryConcurrency: uint32,
        budgetInterval: duration,
      },
    },
  },
} as const satisfies Schema;

export const destinationRuleSpec = {
  type: 'object',
  required: ['host'],
  properties: {
    host: { type: 'string', minLength: 1, maxLength: 255 },
    trafficPolicy,
    subsets: {
      type: 'array',
      maxItems: 1024,
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string', minLength: 1, maxLength: 63 }, labels, trafficPolicy },
      },
    },
    exportTo,
    workloadSelector: { type: 'object', required: ['matchLabels'], properties: { matchLabels: labels } },
  },
} as const satisfies Schema;
