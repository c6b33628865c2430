/**
 * Hosts that a proxy needs though its workload does not name them: a route leads to them, or the proxy itself calls them. It
 * is told where they are, and not how to take connections for them.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { InboundPort, MeshPort, MeshService } from '../../model/mesh-service.ts';
import type { ResourceOrigin } from '../../model/resource-origin.ts';
import type { Service, ServiceKey } from '../../model/service.ts';

interface HostReach {
  readonly key: string;
  /** Full host names. */
  readonly hosts: readonly string[];
  readonly by: ServiceKey | 'proxies';
}

/** By host. */
export function reachedHosts(
  engine: Engine,
  meshServices: Collection<MeshService>,
  inboundPorts: Collection<InboundPort>,
): Index<HostReach> {
  const byRoutes = engine.map('hosts that routes lead to', meshServices, ({ service, ports }) => {
    const hosts = distinct(ports.flatMap(destinationsOf)).filter((host) => host !== service.host);
    return hosts.length === 0 ? undefined : { key: service.key, hosts, by: service.key };
  });
  const byProxies = engine.map('hosts that proxies call', inboundPorts, (inbound) => {
    const hosts = distinct(calledFor(inbound));
    return hosts.length === 0 ? undefined : ({ key: inbound.key, hosts, by: 'proxies' } as const);
  });
  const all = engine.merge<HostReach>('reached hosts', [byRoutes, byProxies]);
  return engine.index('reached hosts by host', all, ({ hosts }) => hosts);
}

/** Through which a proxy is told where the service is, beside the service itself; absent where there is nothing. */
export function reachOf(
  context: Context,
  reached: Index<HostReach>,
  { host }: Service,
): Pick<Extract<ResourceOrigin, { kind: 'port' }>, 'reachedBy'> {
  const all = context.lookup(reached, host);
  if (all.length === 0) return {};
  if (all.some(({ by }) => by === 'proxies')) return { reachedBy: 'all' };
  return { reachedBy: distinct(all.flatMap(({ by }) => (by === 'proxies' ? [] : [by]))) };
}

function destinationsOf({ routes, split = [] }: MeshPort): readonly string[] {
  const targets = [
    ...(routes?.routes ?? []).flatMap(({ destinations, mirror }) => [...destinations, ...(mirror ? [mirror] : [])]),
    ...split.flatMap(({ destinations, http }) => [...destinations, ...(http?.mirrors ?? [])]),
  ];
  return [...targets.map(({ destination }) => destination.host), ...countedAt(routes?.globalRateLimit?.cluster)];
}

function calledFor({ globalRateLimit, limits, tokens = [] }: InboundPort): readonly string[] {
  const services = [limits?.globalTcp?.service, limits?.globalHttp?.service].flatMap((one) => one ?? []);
  return [
    ...countedAt(globalRateLimit?.cluster),
    ...services.filter(({ isService }) => isService).map(({ host }) => host),
    ...tokens.flatMap(({ keys }) => (typeof keys === 'object' && 'host' in keys ? [keys.host] : [])),
  ];
}

/** MetaRouters name the cluster itself: `outbound|<port>|<subset>|<host>`. */
function countedAt(cluster: string | undefined): readonly string[] {
  const [direction, , , host] = cluster?.split('|') ?? [];
  return direction === 'outbound' && host !== undefined ? [host] : [];
}

function distinct<T extends string>(texts: readonly T[]): readonly T[] {
  return [...new Set(texts)].sort();
}
