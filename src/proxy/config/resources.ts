/** The kinds of resource that configure a proxy, whether they come from a file or from a control plane. */
import { type Any, type MessageName, typeUrl } from '../../xds-api/messages.ts';
import { unwrapAny } from '../../xds-api/proto-json.ts';

export const resourceMessages = {
  cluster: 'envoy.config.cluster.v3.Cluster',
  endpoints: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  secret: 'envoy.extensions.transport_sockets.tls.v3.Secret',
  listener: 'envoy.config.listener.v3.Listener',
  /** How MetaProtocol routes travel to deployed proxies. */
  routes: 'envoy.config.route.v3.RouteConfiguration',
  nativeRoutes: 'aeraki.meta_protocol_proxy.config.route.v1alpha.RouteConfiguration',
} as const satisfies Record<string, MessageName>;

export type ResourceKind = keyof typeof resourceMessages;

/** The order in which kinds are asked for and applied: a route's cluster comes before the route. */
export const resourceKinds: readonly ResourceKind[] = [
  'cluster',
  'endpoints',
  'secret',
  'listener',
  'routes',
  'nativeRoutes',
];

export const typeUrls: Readonly<Record<ResourceKind, string>> = {
  cluster: typeUrl(resourceMessages.cluster),
  endpoints: typeUrl(resourceMessages.endpoints),
  secret: typeUrl(resourceMessages.secret),
  listener: typeUrl(resourceMessages.listener),
  routes: typeUrl(resourceMessages.routes),
  nativeRoutes: typeUrl(resourceMessages.nativeRoutes),
};

export function kindOfType(url: string): ResourceKind | undefined {
  return resourceKinds.find((kind) => typeUrls[kind] === url);
}

/** One resource that is there now, or, without a body, that has gone. Plain data: it crosses to other threads. */
export interface ResourceChange {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly version: string;
  readonly body: Uint8Array | undefined;
}

export interface InertFilters {
  readonly listener: string;
  readonly filters: readonly string[];
}

/** What came of changes: the reason for each that was not taken. The last good one stays in force. */
export interface Applied {
  readonly rejections: readonly { readonly kind: ResourceKind; readonly name: string; readonly reason: string }[];
  /** Listeners that were taken although some of their filters do nothing here. */
  readonly inert: readonly InertFilters[];
}

export function bodyOf(any: Any): Uint8Array {
  return unwrapAny(any).value ?? new Uint8Array();
}
