/** What Aeraki and dubbo2istio leave in a cluster, object by object as they write them, for services of MetaProtocol. */

interface Service {
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

const manager = { manager: 'Aeraki' };

/** A ServiceEntry of dubbo2istio; its address is of Aeraki's giving. */
export const bridgedEntry = ({ host, address, port }: Service, endpoints: readonly string[]): object => ({
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'ServiceEntry',
  metadata: {
    name: `aeraki-${host.replaceAll('.', '-')}`,
    namespace: 'shop',
    labels: { manager: 'aeraki', registry: 'dubbo2istio' },
    annotations: { interface: host, workloadSelector: 'orders' },
  },
  spec: {
    hosts: [host],
    addresses: [address],
    ports: [{ number: port, name: 'tcp-metaprotocol-dubbo', protocol: 'tcp' }],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    endpoints: endpoints.map((one) => ({ address: one, ports: { 'tcp-metaprotocol-dubbo': port } })),
  },
});

/** A ServiceEntry of a user, into which Aeraki wrote the address. */
export const userEntry = ({ host, address, port }: Service): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name: 'stock', namespace: 'shop' },
  spec: {
    hosts: [host],
    addresses: [address],
    ports: [{ number: port, name: 'tcp-metaprotocol-dubbo', protocol: 'TCP' }],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    workloadSelector: { labels: { app: 'stock' } },
  },
});

const filterOf = (prefix: string, rds: object): object => ({
  name: 'envoy.filters.network.meta_protocol_proxy',
  typed_config: {
    '@type': 'type.googleapis.com/udpa.type.v1.TypedStruct',
    type_url: 'type.googleapis.com/aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy',
    value: {
      statPrefix: prefix,
      applicationProtocol: 'dubbo',
      ...rds,
      codec: { name: 'aeraki.meta_protocol.codec.dubbo' },
      metaProtocolFilters: [
        { name: 'aeraki.meta_protocol.filters.metadata_exchange' },
        { name: 'aeraki.meta_protocol.filters.router' },
      ],
      tracing: { clientSampling: { value: 100 }, randomSampling: { value: 1 }, overallSampling: { value: 100 } },
    },
  },
});

const envoyFilter = (name: string, spec: object) => ({
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name, namespace: 'istio-system', labels: manager },
  spec,
});

/** Routes, by the sidecar's cluster for Aeraki. */
const askedRoutes = ({ host, port }: Service): object => ({
  rds: {
    routeConfigName: `${host}_${port}`,
    configSource: {
      resourceApiVersion: 'V3',
      apiConfigSource: {
        apiType: 'GRPC',
        transportApiVersion: 'V3',
        grpcServices: [{ envoyGrpc: { clusterName: 'aeraki-xds' } }],
      },
    },
  },
});

const tcpProxy = { name: 'envoy.filters.network.tcp_proxy' };

/** Both EnvoyFilters of a service: before callers for its address, and before its workloads. */
export const serviceFilters = (service: Service, app: string): readonly object[] => {
  const { host, address, port } = service;
  const outbound = {
    applyTo: 'NETWORK_FILTER',
    match: { listener: { name: `${address}_${port}`, filterChain: { filter: tcpProxy } } },
    patch: { operation: 'REPLACE', value: filterOf(`outbound|${port}||${host}`, askedRoutes(service)) },
  };
  const routes = [{ name: 'default', match: { prefix: '/' }, route: { cluster: `inbound|${port}||` } }];
  const inbound = {
    applyTo: 'NETWORK_FILTER',
    match: { listener: { name: 'virtualInbound', filterChain: { destinationPort: port, filter: tcpProxy } } },
    patch: { operation: 'REPLACE', value: filterOf(`inbound|${port}||${host}`, { routeConfig: { routes } }) },
  };
  return [
    envoyFilter(`aeraki-outbound-${host}-${address}-${port}`, { configPatches: [outbound] }),
    envoyFilter(`aeraki-inbound-${host}-${port}`, {
      workloadSelector: { labels: { app } },
      configPatches: [inbound],
    }),
  ];
};

/** At a Gateway, which has the service's own port: the filter, and the VirtualService without which Istio has no listener there. */
export const gatewayObjects = (service: Service, gateway: string, selector: object): readonly object[] => {
  const { host, port } = service;
  const patch = {
    applyTo: 'NETWORK_FILTER',
    match: { listener: { name: `0.0.0.0_${port}`, filterChain: { filter: tcpProxy } } },
    patch: { operation: 'REPLACE', value: filterOf(`outbound|${port}||${host}`, askedRoutes(service)) },
  };
  const [namespace = '', name = ''] = gateway.split('/');
  const filter = envoyFilter(`aeraki-gateway-outbound-${name}.${namespace}-${port}`, {
    workloadSelector: { labels: selector },
    configPatches: [patch],
  });
  return [
    { ...filter, metadata: { ...filter.metadata, namespace } },
    {
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'VirtualService',
      metadata: { name: `aeraki-vs-${namespace}.${name}-${port}`, namespace, labels: manager },
      spec: {
        hosts: [host],
        gateways: [gateway],
        tcp: [{ match: [{ port }], route: [{ destination: { host, port: { number: port } } }] }],
      },
    },
  ];
};

/** The same for each: what Aeraki makes in namespaces, and what it asks of the API server. */
export const surroundings: readonly object[] = [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'aeraki-bootstrap-config', namespace: 'shop' },
    data: { 'custom_bootstrap.json': '{ "static_resources": { "clusters": [{ "name": "aeraki-xds" }] } }' },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'aeraki-envoyfilter-controller-election',
      namespace: 'istio-system',
      annotations: { 'control-plane.alpha.kubernetes.io/leader': '{"holderIdentity":"Aeraki-1"}' },
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'aeraki-istio-system' },
    webhooks: [
      {
        name: 'validation.aeraki.io',
        clientConfig: { service: { name: 'aeraki', namespace: 'istio-system', path: '/validate' } },
        admissionReviewVersions: ['v1', 'v1beta1'],
        failurePolicy: 'Fail',
        sideEffects: 'None',
        rules: [
          {
            apiGroups: ['metaprotocol.aeraki.io'],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['metarouters'],
          },
        ],
      },
    ],
  },
];
