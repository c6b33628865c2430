/**
 * One address and port for several hosts that speak TLS, as callers' proxies tell them apart: a listener with a chain for
 * each host, chosen by the name that a caller asks for before anything is encrypted. The TLS of the caller passes through.
 *
 *   hosts of the port, each in its scopes --> for each scope: those whose listeners its proxies see --> one listener
 *
 * A proxy takes a listener from the first of its scopes that has one; so each holds what the scopes after it hold as well.
 */
import { type Finding, finding, formatObject, type ObjectRef } from '../model/finding.ts';
import { parseSpiffeId } from '../model/identity.ts';
import type { MeshPort, MeshService, MeshSettings } from '../model/mesh-service.ts';
import type { ProxyKind } from '../model/proxy.ts';
import type { ServiceKey } from '../model/service.ts';
import type { envoy } from '../xds-api/messages.ts';
import { loggedBy } from './envoy/access-logs.ts';
import { discoveryOf, followsDialled } from './envoy/discovery.ts';
import { chainedListener, listener, tlsInspector } from './envoy/listeners.ts';
import { listenedFor, plainFilter } from './plain-ports.ts';
import { callerScope, comingOf, inScopes, listenerScopes } from './scope.ts';
import type { Translation } from './translation.ts';

type Filter = envoy.config.listener.v3.Filter;

interface Sharer {
  readonly key: ServiceKey;
  readonly host: string;
  readonly declaredBy: ObjectRef;
  readonly scopes: readonly string[];
  readonly filter: Filter;
}

/** `services`: those that have the port of the address, in order of precedence. */
export function translateSharedPort(
  kind: ProxyKind,
  at: { readonly address: string; readonly port: number },
  services: readonly MeshService[],
  all: MeshSettings,
): Translation {
  const { address, port } = at;
  if (kind === 'istio-sidecar') return { resources: [], findings: [] };
  const settings = loggedBy(kind, all);
  const sharers = services.flatMap((service) => sharer(kind, service, at, settings));
  const origin = { kind: 'shared', services: sharers.map(({ key }) => key), port } as const;
  if (kind === 'envoy' || kind === 'envoy-meta') {
    const scopes = [...new Set(sharers.flatMap((one) => one.scopes))].sort();
    const resources = scopes.flatMap((scope) => inScopes([scope], sharedListener(kind, at, scope, sharers)));
    return { resources: comingOf(origin, resources), findings: [] };
  }
  const [first, ...others] = sharers;
  if (kind === 'grpc' || first === undefined) return { resources: [], findings: [] };
  return {
    resources: comingOf(origin, inScopes(first.scopes, listener(address, port, 'outbound', [first.filter]))),
    findings: others.map((other) => untold(kind, at, first, other)),
  };
}

function sharer(
  kind: ProxyKind,
  whole: MeshService,
  { address, port }: { readonly address: string; readonly port: number },
  settings: MeshSettings,
): readonly Sharer[] {
  const meshService = listenedFor(whole);
  const { service, addresses, ports, policy } = meshService;
  const meshPort: MeshPort | undefined = ports.find((one) => one.port.number === port);
  if (meshPort === undefined || !addresses.includes(address)) return [];
  if (discoveryOf(service.resolution) === 'none') return [];
  const dialled = followsDialled(service, policy.portPolicies[port] ?? policy.policy);
  if (kind === 'metaproxy' && dialled) return [];
  const filter = plainFilter(meshService, meshPort, settings);
  const { key, host, provenance } = service;
  return [{ key, host, declaredBy: provenance.object, scopes: listenerScopes(kind, meshService), filter }];
}

function sharedListener(
  kind: ProxyKind,
  { address, port }: { readonly address: string; readonly port: number },
  scope: string,
  sharers: readonly Sharer[],
) {
  const seen = seenWith(kind, scope);
  const chains = sharers
    .filter(({ scopes }) => scopes.some((one) => seen.includes(one)))
    .toSorted((a, b) => (a.host < b.host ? -1 : 1))
    .map(({ host, filter }) => ({ name: host, filterChainMatch: { serverNames: [host] }, filters: [filter] }));
  return chainedListener(address, port, 'outbound', chains, [tlsInspector]);
}

/** The scope, and those after it that whoever reads it reads as well. */
function seenWith(kind: ProxyKind, scope: string): readonly string[] {
  const everybody = `${kind}/*`;
  const id = scope.startsWith(callerScope(kind, ''))
    ? parseSpiffeId(scope.slice(callerScope(kind, '').length))
    : undefined;
  return id === undefined ? [scope, everybody] : [scope, `${kind}/${id.namespace}`, everybody];
}

function untold(
  kind: ProxyKind,
  { address, port }: { readonly address: string; readonly port: number },
  first: Sharer,
  other: Sharer,
): Finding {
  const winner = `${first.host} of ${formatObject(first.declaredBy)}`;
  const message = `Proxies of kind ${kind} send all that is for ${address} port ${port} to ${winner}, and nothing to ${other.host}: they do not read server names.`;
  return finding('ISTH0713', { object: other.declaredBy, message });
}
