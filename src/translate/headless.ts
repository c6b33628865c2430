/**
 * Headless services: callers dial endpoints themselves, by the service's name or by that of one instance. Each endpoint has
 * a listener of its own, which leads to whichever endpoint was dialled; so an endpoint that comes or goes touches no other.
 * Only proxies that are handed their connections can stand there: the addresses are those of other machines.
 */
import type { Endpoint, EndpointGroup } from '../model/endpoint.ts';
import { type Finding, finding } from '../model/finding.ts';
import type { MeshService } from '../model/mesh-service.ts';
import type { ProxyKind } from '../model/proxy.ts';
import type { envoy } from '../xds-api/messages.ts';
import { unboundListener } from './envoy/listeners.ts';
import { inScopes, listenerScopes, type ScopedResource } from './scope.ts';

/** By port of the service; none for proxies that cannot follow them. */
export function followedEndpoints(
  kind: ProxyKind,
  { service, security }: MeshService,
  groups: readonly EndpointGroup[] = [],
): ReadonlyMap<number, readonly Endpoint[]> {
  if (!service.headless || !isEnvoy(kind)) return new Map();
  const byPort = Map.groupBy(groups, ({ port }) => port);
  // Where certificates are demanded, an endpoint that nobody stands behind by name could only be refused.
  const isTrusted = ({ identity }: Endpoint): boolean => security === undefined || identity !== undefined;
  return new Map(
    [...byPort].map(([port, own]) => [port, own.flatMap(({ endpoints }) => endpoints).filter(isTrusted)] as const),
  );
}

export function headlessListeners(
  kind: ProxyKind,
  meshService: MeshService,
  endpoints: readonly Endpoint[],
  filter: envoy.config.listener.v3.Filter,
): readonly ScopedResource[] {
  const scopes = listenerScopes(`${kind}+handed`, meshService);
  return endpoints.flatMap(({ address, port }) => inScopes(scopes, unboundListener(address, port, filter)));
}

/** In plaintext callers reach the endpoints past their proxies; with certificates they would be refused there. */
export function unreachable(
  kind: ProxyKind,
  { service, security }: MeshService,
  groups: readonly EndpointGroup[] | undefined,
): readonly Finding[] {
  if (!service.headless || security === undefined || groups !== undefined || !isEnvoy(kind)) return [];
  const message = `Callers of ${service.host} dial its endpoints, where proxies of kind ${kind} cannot stand: they are not told of it.`;
  return [finding('ISTH0712', { object: service.provenance.object, message })];
}

function isEnvoy(kind: ProxyKind): boolean {
  return kind === 'envoy' || kind === 'envoy-meta';
}
