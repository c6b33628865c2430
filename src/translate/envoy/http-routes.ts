/** Routes of HTTP requests, on the caller's side and before a workload. */
import { istioRetries, type RetryPolicy } from '../../model/retry.ts';
import type { InboundLimits } from '../../model/traffic-limits.ts';
import type { PortSplit } from '../../model/traffic-split.ts';
import type { envoy } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { httpRouteName } from '../names/resource-names.ts';
import { largestAnswer } from './http-treatments.ts';
import { limitedRoutes } from './limited-routes.ts';
import { retryPolicy } from './retry-policies.ts';
import { splitRoutes, takesEverything } from './split-routes.ts';

type RouteConfiguration = envoy.config.route.v3.RouteConfiguration;
type PerFilterConfig = NonNullable<envoy.config.route.v3.VirtualHost['typedPerFilterConfig']>;
type Route = envoy.config.route.v3.Route;

const ROUTES = 'envoy.config.route.v3.RouteConfiguration';

/**
 * A listener stands for one host already: whatever authority a request names, it goes to `restCluster`, or where a split says. Which
 * of a split's backends that is, is decided once: what is tried again goes to the same one. Where a VirtualService is in force,
 * requests are tried again as Istio does, unless it or the caller's own policy says another thing.
 */
export function outboundHttpRoutes(
  host: string,
  port: number,
  restCluster: string,
  split: PortSplit = [],
  retry?: RetryPolicy,
): EncodedResource {
  const name = httpRouteName(host, port);
  const rest = takesEverything(split) ? [] : [everything(restCluster)];
  const configuration = { ...routeConfiguration(name, [...splitRoutes(split), ...rest]), ...largestAnswer(split) };
  const isVirtual = split.some(({ http }) => http !== undefined);
  const policy = retry ?? (isVirtual ? istioRetries : undefined);
  return encodeResource(ROUTES, name, policy === undefined ? configuration : withRetries(configuration, policy));
}

/** What is sent to a host, under its own name, with its port or without; what no route is for is not found. */
export function hostRoutes(host: string, port: number, routes: Route[]): EncodedResource {
  const name = httpRouteName(host, port);
  const domains = [host, `${host}:${port}`];
  return encodeResource(ROUTES, name, { name, virtualHosts: [{ name, domains, routes }] });
}

/** Before a workload: everything to its one cluster, as far as `perFilter` and `limits` have the filters let it through. */
export function inboundHttpRoutes(
  name: string,
  cluster: string,
  perFilter: PerFilterConfig,
  limits?: InboundLimits,
): EncodedResource {
  if (limits === undefined) return encodeResource(ROUTES, name, everythingTo(name, cluster, perFilter));
  const { typedPerFilterConfig, ...limited } = limitedRoutes(limits, everything(cluster));
  const filters = { ...perFilter, ...typedPerFilterConfig };
  const typed = Object.keys(filters).length === 0 ? {} : { typedPerFilterConfig: filters };
  return encodeResource(ROUTES, name, { name, virtualHosts: [{ name, domains: ['*'], ...limited, ...typed }] });
}

/** For the host as a whole, so for each of its routes. */
function withRetries({ virtualHosts = [], ...rest }: RouteConfiguration, retry: RetryPolicy): RouteConfiguration {
  const policy = retryPolicy(retry);
  return { ...rest, virtualHosts: virtualHosts.map((host) => ({ ...host, retryPolicy: policy })) };
}

/** Without a bound of time: a stream lasts as long as its ends want, and each of them has its own bounds. */
export function everythingTo(name: string, cluster: string, perFilter: PerFilterConfig): RouteConfiguration {
  return routeConfiguration(name, [everything(cluster)], perFilter);
}

function everything(cluster: string): Route {
  return { match: { prefix: '/' }, route: { cluster, timeout: {} } };
}

function routeConfiguration(name: string, routes: Route[], perFilter?: PerFilterConfig): RouteConfiguration {
  const typed = perFilter === undefined ? {} : { typedPerFilterConfig: perFilter };
  return { name, virtualHosts: [{ name, domains: ['*'], routes, ...typed }] };
}
