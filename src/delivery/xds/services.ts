/** The gRPC methods of xDS, and what each carries. */
import { clusterType, endpointType, listenerType, routeType } from './resources/resource-types.ts';
import type { Dialect } from './resources/response-frame.ts';
import { type Status, StatusCode } from './transport/transport.ts';

export type Method =
  | { readonly kind: 'discovery'; readonly dialect: Dialect; readonly onlyType: string | undefined }
  | { readonly kind: 'fetch'; readonly onlyType: string }
  | { readonly kind: 'client-status' }
  | { readonly kind: 'refused'; readonly status: Status };

const aggregated = '/envoy.service.discovery.v3.AggregatedDiscoveryService';
const clientStatus = '/envoy.service.status.v3.ClientStatusDiscoveryService';

const perType = [
  { service: '/envoy.service.cluster.v3.ClusterDiscoveryService', noun: 'Clusters', onlyType: clusterType },
  { service: '/envoy.service.endpoint.v3.EndpointDiscoveryService', noun: 'Endpoints', onlyType: endpointType },
  { service: '/envoy.service.listener.v3.ListenerDiscoveryService', noun: 'Listeners', onlyType: listenerType },
  { service: '/envoy.service.route.v3.RouteDiscoveryService', noun: 'Routes', onlyType: routeType },
] as const;

const methods = new Map<string, Method>([
  [`${aggregated}/StreamAggregatedResources`, { kind: 'discovery', dialect: 'sotw', onlyType: undefined }],
  [`${aggregated}/DeltaAggregatedResources`, { kind: 'discovery', dialect: 'delta', onlyType: undefined }],
  [`${clientStatus}/FetchClientStatus`, { kind: 'client-status' }],
  [`${clientStatus}/StreamClientStatus`, { kind: 'client-status' }],
  ...perType.flatMap(({ service, noun, onlyType }): [string, Method][] => [
    [`${service}/Stream${noun}`, { kind: 'discovery', dialect: 'sotw', onlyType }],
    [`${service}/Delta${noun}`, { kind: 'discovery', dialect: 'delta', onlyType }],
    [`${service}/Fetch${noun}`, { kind: 'fetch', onlyType }],
  ]),
]);

export function methodOf(path: string): Method {
  return (
    methods.get(path) ?? {
      kind: 'refused',
      status: {
        code: StatusCode.unimplemented,
        message:
          'There is no such method here. Served are ADS, CDS, EDS, LDS, RDS (Stream, Delta and Fetch) and CSDS, all v3.',
      },
    }
  );
}

const routesAlone: Method = {
  kind: 'refused',
  status: {
    code: StatusCode.unimplemented,
    message: "Here sidecars of istiod ask for MetaProtocol's routes (RDS, v3), and for nothing else.",
  },
};

/** Where sidecars come that have all else from istiod. */
export function routeMethodOf(path: string): Method {
  const method = methodOf(path);
  return 'onlyType' in method && method.onlyType === routeType ? method : routesAlone;
}
