/** A route table as MetaProtocol's own RouteConfiguration. */
import type { Route, RouteTable } from '../../model/route.ts';
import type { aeraki } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { mirrorPolicy } from '../envoy/mirror-policies.ts';
import { clusterSpecifier } from '../envoy/weighted-clusters.ts';
import { metaRouteName } from '../names/resource-names.ts';
import { headerMatchers } from './matchers.ts';

type MetaRoute = aeraki.meta_protocol_proxy.config.route.v1alpha.Route;
export function metaRoutes(table: RouteTable): EncodedResource {
  const name = metaRouteName(table.host, table.port);
  const routes = table.routes.map(metaRoute);
  return encodeResource('aeraki.meta_protocol_proxy.config.route.v1alpha.RouteConfiguration', name, {
    name,
    ...(routes.length === 0 ? {} : { routes }),
  });
}

function metaRoute(route: Route): MetaRoute {
  const { requestMutation, responseMutation, hashProperties } = route;
  return {
    ...(route.name === '' ? {} : { name: route.name }),
    ...(route.match.length === 0 ? {} : { match: { metadata: headerMatchers(route.match, 'metaproxy') } }),
    route: {
      ...clusterSpecifier(route.destinations),
      ...(hashProperties.length === 0 ? {} : { hashPolicy: [...hashProperties] }),
      ...(route.mirror === undefined ? {} : { requestMirrorPolicies: [mirrorPolicy(route.mirror)] }),
    },
    ...(requestMutation.length === 0 ? {} : { requestMutation: [...requestMutation] }),
    ...(responseMutation.length === 0 ? {} : { responseMutation: [...responseMutation] }),
  };
}
