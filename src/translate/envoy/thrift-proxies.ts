/**
 * Thrift as stock Envoys read it: the thrift_proxy filter, with its routes by a discovery of their own, so that a route
 * that changes closes no connection. What a rule asks for beyond this is in unenforced-thrift.ts.
 */
import type { MeshSettings, PortCodec } from '../../model/mesh-service.ts';
import type { Route, RouteTable, WeightedDestination } from '../../model/route.ts';
import { type envoy, pack } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { metaRouteName, outboundClusterName } from '../names/resource-names.ts';
import { accessLogs } from './access-logs.ts';
import { mirrorPolicy } from './mirror-policies.ts';
import { servicesOf, thriftMatches } from './thrift-matches.ts';
import { adsSource } from './values.ts';
import { positiveWeights } from './weighted-clusters.ts';

type Filter = envoy.config.listener.v3.Filter;
type ThriftRoute = envoy.extensions.filters.network.thrift_proxy.v3.Route;
type RouteAction = envoy.extensions.filters.network.thrift_proxy.v3.RouteAction;

export function isThrift(codec: PortCodec | undefined): boolean {
  return codec?.description === undefined && codec?.protocol.codec === 'aeraki.meta_protocol.codec.thrift';
}

/** The connection stays when a request has nowhere to go: its caller is told, and may ask for something else. */
const ROUTER = {
  name: 'envoy.filters.thrift.router',
  typedConfig: pack('envoy.extensions.filters.network.thrift_proxy.router.v3.Router', {
    closeDownstreamOnUpstreamError: { value: false },
  }),
};

export function outboundThriftProxy(host: string, port: number, settings: MeshSettings): Filter {
  const accessLog = accessLogs(settings);
  return {
    name: 'envoy.filters.network.thrift_proxy',
    typedConfig: pack('envoy.extensions.filters.network.thrift_proxy.v3.ThriftProxy', {
      statPrefix: outboundClusterName(host, port),
      trds: { configSource: adsSource, routeConfigName: metaRouteName(host, port) },
      thriftFilters: [ROUTER],
      // Nothing behind a message's head is looked at, nor changed: the keys of THeader stay as they were written.
      payloadPassthrough: true,
      headerKeysPreserveCase: true,
      ...(accessLog.length === 0 ? {} : { accessLog }),
    }),
  };
}

/**
 * Where a rule had to be left out, what it would have picked goes on to the rules after it; and where they leave it too,
 * to the service as a whole, as it would by plain TCP.
 */
export function thriftRoutes(table: RouteTable): EncodedResource {
  const name = metaRouteName(table.host, table.port);
  const services = servicesOf(table.routes.map(({ match }) => match));
  const routes = table.routes.map((route) => routesOf(route, services));
  const isWhole = routes.every(({ length }) => length > 0) || table.routes.some(({ match }) => match.length === 0);
  const rest = { match: { methodName: '' }, route: { cluster: outboundClusterName(table.host, table.port) } };
  return encodeResource('envoy.extensions.filters.network.thrift_proxy.v3.RouteConfiguration', name, {
    name,
    routes: isWhole ? routes.flat() : [...routes.flat(), rest],
    // A route to what is not there is answered for itself, and takes no other with it.
    validateClusters: { value: false },
  });
}

function routesOf(route: Route, services: readonly string[]): readonly ThriftRoute[] {
  const action: RouteAction = {
    ...spread(route.destinations),
    ...(route.mirror === undefined ? {} : { requestMirrorPolicies: [mirrorPolicy(route.mirror)] }),
  };
  return thriftMatches(route.match, services).map((match) => ({ match, route: action }));
}

function spread(destinations: readonly WeightedDestination[]): Pick<RouteAction, 'cluster' | 'weightedClusters'> {
  const weights = positiveWeights(destinations);
  const [first] = weights;
  if (weights.length === 1 && first !== undefined) return { cluster: first.name };
  return { weightedClusters: { clusters: weights.map(({ name, weight }) => ({ name, weight: { value: weight } })) } };
}
