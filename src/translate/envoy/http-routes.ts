/** Routes of HTTP requests, on the caller's side and before a workload. */
import type { envoy } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { httpRouteName, outboundClusterName } from '../names/resource-names.ts';

type RouteConfiguration = envoy.config.route.v3.RouteConfiguration;

/** A listener stands for one host already: whatever authority a request names, it goes there. */
export function outboundHttpRoutes(host: string, port: number): EncodedResource {
  const name = httpRouteName(host, port);
  const routes = everythingTo(name, outboundClusterName(host, port));
  return encodeResource('envoy.config.route.v3.RouteConfiguration', name, routes);
}

/** Without a bound of time: a stream lasts as long as its ends want, and each of them has its own bounds. */
export function everythingTo(name: string, cluster: string): RouteConfiguration {
  const routes = [{ match: { prefix: '/' }, route: { cluster, timeout: {} } }];
  return { name, virtualHosts: [{ name, domains: ['*'], routes }] };
}
