/** What a gRPC client asks for by the name it dials, `<host>:<port>`: an API listener, and the routes behind it. */
import type { PortSplit } from '../../model/traffic-split.ts';
import { type envoy, pack } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { httpRouteName, outboundClusterName } from '../names/resource-names.ts';
import { splitRoutes, takesEverything } from './split-routes.ts';
import { adsSource } from './values.ts';

type Route = envoy.config.route.v3.Route;

const ROUTER: envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter = {
  name: 'envoy.filters.http.router',
  typedConfig: pack('envoy.extensions.filters.http.router.v3.Router', {}),
};

/** `hashHeader`: the header whose value chooses the endpoint. */
export function apiListener(
  host: string,
  port: number,
  hashHeader: string | undefined,
  split: PortSplit = [],
): readonly EncodedResource[] {
  const name = httpRouteName(host, port);
  const manager = pack('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    statPrefix: name,
    rds: { configSource: adsSource, routeConfigName: name },
    httpFilters: [ROUTER],
  });
  const hashing = hashHeader === undefined ? {} : { hashPolicy: [{ header: { headerName: hashHeader } }] };
  const rest = { match: { prefix: '/' }, route: { cluster: outboundClusterName(host, port), ...hashing } };
  const routes: Route[] = [...splitRoutes(split), ...(takesEverything(split) ? [] : [rest])];
  return [
    encodeResource('envoy.config.listener.v3.Listener', name, { name, apiListener: { apiListener: manager } }),
    encodeResource('envoy.config.route.v3.RouteConfiguration', name, {
      name,
      virtualHosts: [{ name, domains: ['*'], routes }],
    }),
  ];
}
