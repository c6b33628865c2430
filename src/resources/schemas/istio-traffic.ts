/**
 * networking.istio.io VirtualService, Gateway and Sidecar: what is acted on in full, what is not as it is written. The http
 * routes of a VirtualService have a file of their own.
 */
import { anyObject, exportTo, labels, portNumber, type Schema } from '../schema-language.ts';
import { httpRoutes, weightedDestinations } from './istio-http-routes.ts';

const text = { type: 'string', maxLength: 1024 } as const;
const texts = { type: 'array', maxItems: 1024, items: text } as const;
const anyObjects = { type: 'array', maxItems: 1024, items: anyObject } as const;

const l4Match = {
  type: 'object',
  properties: {
    sniHosts: texts,
    destinationSubnets: texts,
    port: portNumber,
    sourceLabels: labels,
    sourceSubnet: text,
    sourceNamespace: text,
    gateways: texts,
  },
} as const;

const l4 = {
  type: 'array',
  maxItems: 4096,
  items: {
    type: 'object',
    properties: { match: { type: 'array', maxItems: 1024, items: l4Match }, route: weightedDestinations },
  },
} as const;

export const virtualServiceSpec = {
  type: 'object',
  properties: { hosts: texts, gateways: texts, http: httpRoutes, tls: l4, tcp: l4, exportTo },
} as const satisfies Schema;

export const gatewaySpec = {
  type: 'object',
  properties: {
    selector: labels,
    servers: {
      type: 'array',
      maxItems: 4096,
      items: {
        type: 'object',
        required: ['port', 'hosts'],
        properties: {
          port: {
            type: 'object',
            required: ['number', 'protocol', 'name'],
            properties: { number: portNumber, protocol: text, name: text, targetPort: portNumber },
          },
          bind: text,
          hosts: texts,
          tls: anyObject,
          defaultEndpoint: text,
          name: text,
        },
      },
    },
  },
} as const satisfies Schema;

/** Of a Sidecar's listener, any number of its port is written: 0 stands for none. */
const listenerPort = {
  type: 'object',
  properties: {
    number: { type: 'integer', minimum: 0, maximum: 65535 },
    protocol: text,
    name: text,
    targetPort: { type: 'integer', minimum: 0, maximum: 65535 },
  },
} as const;

export const sidecarSpec = {
  type: 'object',
  properties: {
    workloadSelector: { type: 'object', properties: { labels } },
    ingress: anyObjects,
    egress: {
      type: 'array',
      maxItems: 1024,
      items: {
        type: 'object',
        required: ['hosts'],
        properties: { port: listenerPort, bind: text, captureMode: text, hosts: texts },
      },
    },
    inboundConnectionPool: anyObject,
    outboundTrafficPolicy: anyObject,
  },
} as const satisfies Schema;
