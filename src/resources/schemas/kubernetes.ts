/** core/v1 Service, Namespace and Pod, discovery.k8s.io/v1 EndpointSlice. Fields that only kubelets read are held loosely. */
import { anyObject, labels, portNumber, type Schema } from '../schema-language.ts';

const text = { type: 'string', maxLength: 2048 } as const;
const texts = { type: 'array', maxItems: 1024, items: text } as const;
const transport = { type: 'string', enum: ['TCP', 'UDP', 'SCTP'] } as const;
const portName = { type: 'string', maxLength: 63 } as const;

const servicePort = {
  type: 'object',
  required: ['port'],
  properties: {
    name: portName,
    port: portNumber,
    protocol: transport,
    targetPort: { 'x-kubernetes-int-or-string': true },
    appProtocol: text,
    nodePort: { type: 'integer', minimum: 0, maximum: 65535 },
  },
} as const;

export const serviceSpec = {
  type: 'object',
  properties: {
    type: { type: 'string', enum: ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] },
    clusterIP: text,
    clusterIPs: { type: 'array', maxItems: 2, items: text },
    ports: { type: 'array', maxItems: 65_535, items: servicePort },
    selector: labels,
    externalName: { type: 'string', maxLength: 255 },
    publishNotReadyAddresses: { type: 'boolean' },
    allocateLoadBalancerNodePorts: { type: 'boolean' },
    externalIPs: texts,
    externalTrafficPolicy: text,
    healthCheckNodePort: { type: 'integer' },
    internalTrafficPolicy: text,
    ipFamilies: texts,
    ipFamilyPolicy: text,
    loadBalancerClass: text,
    loadBalancerIP: text,
    loadBalancerSourceRanges: texts,
    sessionAffinity: text,
    sessionAffinityConfig: anyObject,
    topologyKeys: texts,
    trafficDistribution: text,
  },
} as const satisfies Schema;

const sliceEndpoint = {
  type: 'object',
  required: ['addresses'],
  properties: {
    addresses: { type: 'array', minItems: 1, maxItems: 100, items: { type: 'string', maxLength: 255 } },
    /** A null condition is an unknown one: ready and serving then count as true, terminating as false. */
    conditions: {
      type: 'object',
      properties: {
        ready: { type: 'boolean' },
        serving: { type: 'boolean' },
        terminating: { type: 'boolean' },
      },
    },
    hostname: text,
    nodeName: text,
    zone: text,
    hints: anyObject,
    deprecatedTopology: anyObject,
    targetRef: {
      type: 'object',
      properties: {
        kind: text,
        namespace: text,
        name: text,
        uid: text,
        apiVersion: text,
        resourceVersion: text,
        fieldPath: text,
      },
    },
  },
} as const;

/** The fields of an EndpointSlice stand beside its metadata: it has no spec. */
export const endpointSliceFields = {
  addressType: { type: 'string', enum: ['IPv4', 'IPv6', 'FQDN'] },
  endpoints: { type: 'array', maxItems: 1000, items: sliceEndpoint },
  ports: {
    type: 'array',
    maxItems: 20_000,
    items: {
      type: 'object',
      properties: { name: portName, port: portNumber, protocol: transport, appProtocol: text },
    },
  },
} as const satisfies Readonly<Record<string, Schema>>;

export const namespaceSpec = {
  type: 'object',
  properties: { finalizers: texts },
} as const satisfies Schema;

const phases = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] as const;

/** A Pod says much more, of which nothing here is any concern. */
export const podSpec = {
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  properties: { serviceAccountName: { type: 'string', maxLength: 253 }, hostNetwork: { type: 'boolean' } },
} as const satisfies Schema;

export const podStatus = {
  type: 'object',
  'x-kubernetes-preserve-unknown-fields': true,
  properties: {
    phase: { type: 'string', enum: phases },
    podIP: text,
    podIPs: { type: 'array', maxItems: 64, items: { type: 'object', properties: { ip: text } } },
    conditions: {
      type: 'array',
      maxItems: 1024,
      items: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { type: text, status: text },
      },
    },
  },
} as const satisfies Schema;
