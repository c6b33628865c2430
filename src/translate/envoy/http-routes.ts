/** Routes of HTTP requests, on the caller's side and before a workload. */
import type { PortSplit } from '../../model/traffic-split.ts';
import type { envoy } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { httpRouteName, outboundClusterName } from '../names/resource-names.ts';
import { splitRoutes, takesEverything } from './split-routes.ts';

type RouteConfiguration = envoy.config.route.v3.RouteConfiguration;
type Route = envoy.config.route.v3.Route;

/** A listener stands for one host already: whatever authority a request names, it goes there, or where a split says. */
export function outboundHttpRoutes(host: string, port: number, split: PortSplit = []): EncodedResource {
  const name = httpRouteName(host, port);
  const rest = takesEverything(split) ? [] : [everything(outboundClusterName(host, port))];
  return encodeResource(
    'envoy.config.route.v3.RouteConfiguration',
    name,
    routeConfiguration(name, [...splitRoutes(split), ...rest]),
  );
}

/** Without a bound of time: a stream lasts as long as its ends want, and each of them has its own bounds. */
export function everythingTo(name: string, cluster: string): RouteConfiguration {
  return routeConfiguration(name, [everything(cluster)]);
}

function everything(cluster: string): Route {
  return { match: { prefix: '/' }, route: { cluster, timeout: {} } };
}

function routeConfiguration(name: string, routes: Route[]): RouteConfiguration {
  return { name, virtualHosts: [{ name, domains: ['*'], routes }] };
}
