/**
 * The RDS trick: MetaProtocol routes travel as an HTTP RouteConfiguration with one virtual host. This turns it back.
 * What the reference ignores is ignored (the path, append flags, runtime keys); what it asserts on is refused.
 */
import type { Message } from '../../xds-api/messages.ts';
import { Rejection, within } from './rejection.ts';
import type { RouteConfiguration } from './route-plan.ts';

type HttpConfiguration = Message<'envoy.config.route.v3.RouteConfiguration'>;
type HttpVirtualHost = NonNullable<HttpConfiguration['virtualHosts']>[number];
type HttpRoute = NonNullable<HttpVirtualHost['routes']>[number];
type HeaderOptions = NonNullable<HttpRoute['requestHeadersToAdd']>;
type Route = NonNullable<RouteConfiguration['routes']>[number];

/** Throws Rejection. */
export function convertHttpRoutes(configuration: HttpConfiguration): RouteConfiguration {
  const hosts = configuration.virtualHosts ?? [];
  const [host] = hosts;
  if (hosts.length !== 1 || host === undefined)
    throw new Rejection(`MetaProtocol routes need exactly one virtual host, not ${hosts.length}`);
  return {
    name: configuration.name,
    routes: (host.routes ?? []).map((route, index) =>
      within(`virtualHosts[0].routes[${index}]`, () => convertRoute(route)),
    ),
  };
}

function convertRoute(route: HttpRoute): Route {
  const action = route.route;
  if (action == null) throw new Rejection('a route needs a route action');
  return {
    name: route.name,
    match: { metadata: route.match?.headers },
    route: {
      ...(action.weightedClusters == null
        ? { cluster: action.cluster }
        : { weightedClusters: action.weightedClusters }),
      hashPolicy: (action.hashPolicy ?? []).flatMap(({ header }) => header?.headerName || []),
      requestMirrorPolicies: (action.requestMirrorPolicies ?? []).map(({ cluster, runtimeFraction }) => ({
        cluster,
        ...(runtimeFraction == null ? {} : { runtimeFraction }),
      })),
    },
    requestMutation: convertHeaders(route.requestHeadersToAdd),
    responseMutation: convertHeaders(route.responseHeadersToAdd),
  };
}

function convertHeaders(headers: HeaderOptions | undefined): { key: string | undefined; value: string | undefined }[] {
  return (headers ?? []).map(({ header }) => ({ key: header?.key, value: header?.value }));
}
