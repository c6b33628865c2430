/**
 * What one proxy is told -> a static bootstrap, so that Envoy judges it without a control plane. Resources stay as they are, but
 * for secrets, which come from a static one of the same name; what Envoy would only read once it is told stands beside them:
 *
 *   routes    -> a listener each that holds them
 *   endpoints -> a cluster each that holds them
 */

/** By type URL, as `isthmus translate --to xds` prints them. */
export type ProxyResources = Readonly<Record<string, readonly object[]>>;

/** PEM: what each proxy of the mesh has. */
export interface HeldSecrets {
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly roots: string;
}

const url = (name: string): string => `type.googleapis.com/${name}`;
const CLUSTER = url('envoy.config.cluster.v3.Cluster');
const ENDPOINTS = url('envoy.config.endpoint.v3.ClusterLoadAssignment');
const LISTENER = url('envoy.config.listener.v3.Listener');
const ROUTES = url('envoy.config.route.v3.RouteConfiguration');
const THRIFT_ROUTES = url('envoy.extensions.filters.network.thrift_proxy.v3.RouteConfiguration');
const THRIFT = url('envoy.extensions.filters.network.thrift_proxy.v3.ThriftProxy');
const GENERIC_ROUTES = url('envoy.extensions.filters.network.generic_proxy.v3.RouteConfiguration');
const GENERIC = url('envoy.extensions.filters.network.generic_proxy.v3.GenericProxy');
const GENERIC_ROUTER = url('envoy.extensions.filters.network.generic_proxy.router.v3.Router');
const DUBBO = url('envoy.extensions.filters.network.generic_proxy.codecs.dubbo.v3.DubboCodecConfig');
const SECRET = url('envoy.extensions.transport_sockets.tls.v3.Secret');
const MANAGER = url('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager');
const ROUTER = url('envoy.extensions.filters.http.router.v3.Router');
const HTTP2 = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** Throws for a type of resource that it has no place for. */
export function staticBootstrap(resources: ProxyResources, held: HeldSecrets): object {
  const known = [CLUSTER, ENDPOINTS, LISTENER, ROUTES, THRIFT_ROUTES, GENERIC_ROUTES, SECRET];
  const unknown = Object.keys(resources).filter((type) => !known.includes(type));
  if (unknown.length > 0) throw new Error(`no place in a bootstrap for ${unknown.join(', ')}`);
  const of = (type: string): readonly object[] => resources[type] ?? [];
  return {
    node: { id: 'golden', cluster: 'golden' },
    layeredRuntime: {
      layers: [{ name: 'strict', staticLayer: { 'envoy.features.fail_on_any_deprecated_feature': true } }],
    },
    dynamicResources: {
      adsConfig: {
        apiType: 'DELTA_GRPC',
        transportApiVersion: 'V3',
        grpcServices: [{ envoyGrpc: { clusterName: 'control-plane' } }],
      },
    },
    staticResources: {
      clusters: [controlPlane, ...of(CLUSTER).map(withHeldSecrets), ...of(ENDPOINTS).map(clusterThatHolds)],
      listeners: [
        ...of(LISTENER).map(withHeldSecrets),
        ...of(ROUTES).map(listenerThatHolds),
        ...of(THRIFT_ROUTES).map(thriftListenerThatHolds),
        ...of(GENERIC_ROUTES).map(dubboListenerThatHolds),
      ],
      secrets: secrets(of(SECRET), held),
    },
  };
}

const address = (port: number): object => ({ socketAddress: { address: '127.0.0.1', portValue: port } });

const controlPlane = {
  name: 'control-plane',
  type: 'STATIC',
  typedExtensionProtocolOptions: {
    [HTTP2]: { '@type': url(HTTP2), explicitHttpConfig: { http2ProtocolOptions: {} } },
  },
  loadAssignment: {
    clusterName: 'control-plane',
    endpoints: [{ lbEndpoints: [{ endpoint: { address: address(1) } }] }],
  },
};

/** A reference to a secret that says not where it comes from is one to a static secret. */
function withHeldSecrets(resource: object): object {
  return JSON.parse(JSON.stringify(resource, (key, value) => (key === 'sdsConfig' ? undefined : value)));
}

function clusterThatHolds(loadAssignment: object, at: number): object {
  return { name: `endpoints ${at}`, type: 'STATIC', loadAssignment };
}

/** Clusters that routes lead to may be another proxy's. */
function listenerThatHolds(routes: object, at: number): object {
  const name = `routes ${at}`;
  const httpFilters = [{ name: 'envoy.filters.http.router', typedConfig: { '@type': ROUTER } }];
  const routeConfig = { ...routes, validateClusters: false };
  return listener(name, 1000 + at, { '@type': MANAGER, statPrefix: name, routeConfig, httpFilters });
}

function thriftListenerThatHolds(routeConfig: object, at: number): object {
  const name = `Thrift routes ${at}`;
  return listener(name, 2000 + at, { '@type': THRIFT, statPrefix: name, routeConfig });
}

function dubboListenerThatHolds(routeConfig: object, at: number): object {
  const name = `Dubbo routes ${at}`;
  const codecConfig = { name: 'envoy.generic_proxy.codecs.dubbo', typedConfig: { '@type': DUBBO } };
  const filters = [{ name: 'envoy.filters.generic.router', typedConfig: { '@type': GENERIC_ROUTER } }];
  return listener(name, 3000 + at, { '@type': GENERIC, statPrefix: name, codecConfig, routeConfig, filters });
}

function listener(name: string, port: number, typedConfig: object): object {
  return { name, address: address(port), filterChains: [{ filters: [{ name, typedConfig }] }] };
}

function secrets(given: readonly object[], { certificate: { cert, key }, roots }: HeldSecrets): readonly object[] {
  const own = [
    {
      name: 'default',
      tlsCertificate: { certificateChain: { inlineString: cert }, privateKey: { inlineString: key } },
    },
    { name: 'ROOTCA', validationContext: { trustedCa: { inlineString: roots } } },
  ];
  const isGiven = (name: string): boolean => given.some((secret) => 'name' in secret && secret.name === name);
  return [...given, ...own.filter(({ name }) => !isGiven(name))];
}
