/** A route table as an HTTP RouteConfiguration, the carrier in which deployed MetaProtocol proxies read their routes. */
import type { KeyValue, Route, RouteTable } from '../../model/route.ts';
import type { envoy } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { mirrorPolicy } from '../envoy/mirror-policies.ts';
import { clusterSpecifier } from '../envoy/weighted-clusters.ts';
import { metaRouteName } from '../names/resource-names.ts';
import type { MetaKind } from './dialect.ts';
import { headerMatchers } from './matchers.ts';

type HttpRoute = envoy.config.route.v3.Route;
type RouteAction = envoy.config.route.v3.RouteAction;

/** Proxies convert it back, and demand exactly one virtual host. */
export function httpRoutes(table: RouteTable, kind: MetaKind): EncodedResource {
  const name = metaRouteName(table.host, table.port);
  const routes = table.routes.map((route) => httpRoute(route, kind));
  return encodeResource('envoy.config.route.v3.RouteConfiguration', name, {
    name,
    virtualHosts: [{ name: 'dummy', domains: ['*'], ...(routes.length === 0 ? {} : { routes }) }],
  });
}

function httpRoute(route: Route, kind: MetaKind): HttpRoute {
  const headers = headerMatchers(route.match, kind);
  const { requestMutation, responseMutation } = route;
  return {
    ...(route.name === '' ? {} : { name: route.name }),
    match: { prefix: '/', ...(headers.length === 0 ? {} : { headers }) },
    route: routeAction(route, kind),
    ...(requestMutation.length === 0 ? {} : { requestHeadersToAdd: headersToAdd(requestMutation) }),
    ...(responseMutation.length === 0 ? {} : { responseHeadersToAdd: headersToAdd(responseMutation) }),
  };
}

function routeAction({ destinations, hashProperties, mirror }: Route, kind: MetaKind): RouteAction {
  const specifier = clusterSpecifier(destinations);
  const hashPolicy = hashProperties.map((headerName) => ({ header: { headerName } }));
  // Deprecated since Envoy sums the weights itself; deployed proxies are given what Aeraki gives them.
  if (kind === 'envoy-meta' && specifier.weightedClusters !== undefined) {
    const total = destinations.reduce((sum, { weight }) => sum + weight, 0);
    specifier.weightedClusters.totalWeight = { value: total };
  }
  return {
    ...specifier,
    ...(hashPolicy.length === 0 ? {} : { hashPolicy }),
    ...(mirror === undefined ? {} : { requestMirrorPolicies: [mirrorPolicy(mirror)] }),
  };
}

function headersToAdd(mutation: readonly KeyValue[]): envoy.config.core.v3.HeaderValueOption[] {
  return mutation.map(({ key, value }) => ({ header: { key, ...(value === '' ? {} : { value }) } }));
}
