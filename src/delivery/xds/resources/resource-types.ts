/** The resource types that proxies ask for, and what the protocol says of each. */
import { typeUrl } from '../../../xds-api/messages.ts';

export const clusterType = typeUrl('envoy.config.cluster.v3.Cluster');
export const endpointType = typeUrl('envoy.config.endpoint.v3.ClusterLoadAssignment');
export const listenerType = typeUrl('envoy.config.listener.v3.Listener');
export const routeType = typeUrl('envoy.config.route.v3.RouteConfiguration');
/** MetaProtocol's own route type, beside the HTTP routes that deployed proxies read. */
export const metaRouteType = typeUrl('aeraki.meta_protocol_proxy.config.route.v1alpha.RouteConfiguration');
/** Routes of Thrift calls, for stock Envoys. */
const thriftRouteType = typeUrl('envoy.extensions.filters.network.thrift_proxy.v3.RouteConfiguration');
/** Routes of what Envoy's generic proxy reads, such as Dubbo, for stock Envoys. */
const genericRouteType = typeUrl('envoy.extensions.filters.network.generic_proxy.v3.RouteConfiguration');
/** The names that Istio's agents answer: one table for all workloads of a namespace. */
export const nameTableType = typeUrl('istio.networking.nds.v1.NameTable');
const secretType = typeUrl('envoy.extensions.transport_sockets.tls.v3.Secret');

/** Make before break: what is referred to goes before what refers to it. */
export const standardTypes: readonly string[] = [
  clusterType,
  endpointType,
  secretType,
  listenerType,
  routeType,
  metaRouteType,
  thriftRouteType,
  genericRouteType,
  nameTableType,
];

const extensionType = 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig';

/**
 * Types that Envoy always asks for by name. A first request without names is no wildcard here: Envoy sends it on a new
 * connection when it needs none (Istio meets it for routes), and an answer would be the endpoints of the whole mesh.
 */
const namedTypes: ReadonlySet<string> = new Set([
  endpointType,
  routeType,
  metaRouteType,
  thriftRouteType,
  genericRouteType,
  secretType,
  extensionType,
]);

/** "All requests without names" means everything: only for types that are not asked for by name. */
export function allowsLegacyWildcard(type: string): boolean {
  return !namedTypes.has(type);
}

/** State of the world: listeners and clusters are answered with the whole set, and absence removes. */
export function isWholeSet(type: string): boolean {
  return type === clusterType || type === listenerType;
}

/**
 * Clusters and endpoints are removed only once listeners and routes have let go of them. Listeners are not: a listener
 * that takes over another's address has to come in the response that removes the other.
 */
export function removesLast(type: string): boolean {
  return type === clusterType || type === endpointType;
}

const routeTypes: ReadonlySet<string> = new Set([routeType, metaRouteType, thriftRouteType, genericRouteType]);

/** Envoy acknowledges clusters once they are warm, so that routes to them can wait for that acknowledgement. */
export function waitsForClusters(type: string): boolean {
  return type === listenerType || routeTypes.has(type);
}

const short = new Map([
  [clusterType, 'CDS'],
  [endpointType, 'EDS'],
  [secretType, 'SDS'],
  [listenerType, 'LDS'],
  [routeType, 'RDS'],
  [metaRouteType, 'MRDS'],
  [thriftRouteType, 'TRDS'],
  [genericRouteType, 'GRDS'],
  [nameTableType, 'NDS'],
]);

/**
 * `CDS`, `EDS`, `SDS`, `LDS`, `RDS`, `MRDS` (MetaProtocol's routes), `TRDS` (Thrift's), `GRDS` (the generic proxy's), `NDS`, or the
 * message name of any other type.
 */
export function shortType(type: string): string {
  return short.get(type) ?? type.slice(type.lastIndexOf('/') + 1);
}

/** Position in a push: known types in their order, all others last. */
export function pushOrder(type: string): number {
  const index = standardTypes.indexOf(type);
  return index === -1 ? standardTypes.length : index;
}
