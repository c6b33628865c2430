/** What callers' proxies do with a port of which nothing but connections is known to them. */
import type { MeshPort, MeshService, MeshSettings } from '../model/mesh-service.ts';
import type { Service } from '../model/service.ts';
import { splitOfConnections } from '../model/traffic-split.ts';
import type { envoy } from '../xds-api/messages.ts';
import { tcpProxy, weightedTcpProxy } from './envoy/tcp-proxies.ts';
import { dialledClusterName, outboundClusterName } from './names/resource-names.ts';
import { fallbackRoute } from './unenforced-rules.ts';

type Filter = envoy.config.listener.v3.Filter;

/** Without what proxies are to leave alone. */
export function listenedFor(meshService: MeshService): MeshService {
  const { leftAlone, addresses, ports } = meshService;
  if (leftAlone === undefined) return meshService;
  return {
    ...meshService,
    addresses: addresses.filter((address) => !leftAlone.addresses.includes(address)),
    ports: ports.filter(({ port }) => !leftAlone.ports.includes(port.number)),
  };
}

/** Connections to the port go where requests would that no rule picks out; without such a route, to the service. */
export function plainFilter(
  { service }: MeshService,
  { port, routes, split }: MeshPort,
  settings: MeshSettings,
): Filter {
  const statPrefix = outboundClusterName(service.host, port.number);
  const destinations = fallbackRoute(routes)?.destinations ?? splitOfConnections(split, service.host, port.number);
  return destinations === undefined
    ? tcpProxy(statPrefix, restCluster(service, port.number), settings)
    : weightedTcpProxy(statPrefix, destinations, settings);
}

/** Where that leads of which no rule says another thing. */
export function restCluster({ host, headless }: Service, port: number): string {
  return headless ? dialledClusterName(host, port) : outboundClusterName(host, port);
}
