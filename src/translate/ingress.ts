/**
 * What comes to a workload from outside the mesh: a chain of its listener's beside the mesh's own, told from it by its
 * transport and its server name, for the addresses of the policy's sources. A connection that fits neither is closed.
 */

import type { PortIngress } from '../model/ingress.ts';
import type { InboundPort, MeshSettings } from '../model/mesh-service.ts';
import type { envoy } from '../xds-api/messages.ts';
import type { EncodedResource } from './encoded-resource.ts';
import { httpAccessFilter, ingressAccess } from './envoy/access-control.ts';
import { domainsOf, namedOnce } from './envoy/federated-callers.ts';
import { httpConnections } from './envoy/http-connections.ts';
import { inboundHttpRoutes } from './envoy/http-routes.ts';
import { authorizationFilters } from './envoy/proxy-peers.ts';
import { ingressTls } from './envoy/tls-contexts.ts';
import { tokenFilters } from './envoy/tokens.ts';
import { adsSource, cidrRange } from './envoy/values.ts';
import { behindConnectionLimits, requestLimits } from './inbound-limits.ts';
import { inboundClusterName, ingressRouteName, meshServerName } from './names/resource-names.ts';

type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
type FilterChain = envoy.config.listener.v3.FilterChain;

/** `mesh`: the chain of the mesh's own callers. */
export function withIngressChain(
  mesh: FilterChain,
  inbound: InboundPort,
  ingress: PortIngress,
  settings: MeshSettings,
): readonly FilterChain[] {
  const { address, targetPort, guard, tokens, calledAs = [] } = inbound;
  const { ranges, tls } = ingress;
  const routes = { rds: { configSource: adsSource, routeConfigName: ingressRouteName(address, targetPort) } };
  const statPrefix = ingressRouteName(address, targetPort);
  const { filters: limits, usesAddresses } = requestLimits(inbound);
  const http = {
    statPrefix,
    routes,
    filters: [...tokenFilters(tokens), ...inboundFilters(settings), ...limits],
    usesAddresses,
  };
  const domains = tls?.principals === undefined ? [] : domainsOf('any', settings);
  const requests = httpConnections({ ...http, settings, direction: 'inbound' });
  const filters = [...namedOnce(domains), ...behindConnectionLimits(inbound, [requests])];
  const sources = ranges === 'any' ? {} : { sourcePrefixRanges: ranges.map(cidrRange) };
  if (tls === undefined)
    return [mesh, { name: 'ingress', filterChainMatch: { transportProtocol: 'raw_buffer', ...sources }, filters }];
  const serverNames = [...tls.sniHosts];
  const chain: FilterChain = {
    name: 'ingress',
    filterChainMatch: {
      transportProtocol: 'tls',
      ...(serverNames.length === 0 ? {} : { serverNames }),
      ...sources,
    },
    filters,
    transportSocket: ingressTls(tls.principals !== undefined, { domains, tls: guard?.tls }),
  };
  // Where the ingress is for any name, the mesh is told by those that it calls.
  const own = [...new Set(calledAs.map(({ host, port }) => meshServerName(host, port)))].sort();
  return [serverNames.length > 0 ? mesh : { ...mesh, filterChainMatch: { serverNames: own } }, chain];
}

/** What the rules let through is put to who authorizes it. */
function inboundFilters(settings: MeshSettings): readonly HttpFilter[] {
  return [httpAccessFilter, ...authorizationFilters(settings)];
}

/** A change of who may come counts on connections that stand. */
export function ingressRoutes(
  { address, targetPort, limits }: InboundPort,
  ingress: PortIngress,
  settings: MeshSettings,
): EncodedResource {
  const name = ingressRouteName(address, targetPort);
  return inboundHttpRoutes(name, inboundClusterName(targetPort), ingressAccess(ingress, settings), limits);
}
