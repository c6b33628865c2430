/**
 * One address and port for several hosts that speak TLS, as callers' proxies tell them apart: a listener with a chain for
 * each host, chosen by the name that a caller asks for before anything is encrypted. The TLS of the caller passes through.
 *
 *   hosts of the port, each in its scopes --> for each scope: those whose listeners its proxies see --> one listener
 *
 * A proxy takes a listener from the first of its scopes that has one; so each holds what the scopes after it hold as well.
 */
import { type Finding, finding } from '../model/finding.ts';
import { parseSpiffeId } from '../model/identity.ts';
import type { MeshPort, MeshService, MeshSettings } from '../model/mesh-service.ts';
import type { ProxyKind } from '../model/proxy.ts';
import type { envoy } from '../xds-api/messages.ts';
import { loggedBy } from './envoy/access-logs.ts';
import { discoveryOf, followsDialled } from './envoy/discovery.ts';
import { chainedListener, listener, tlsInspector } from './envoy/listeners.ts';
import { listenedFor, plainFilter } from './plain-ports.ts';
import { callerScope, inScopes, listenerScopes } from './scope.ts';
import type { Translation } from './translation.ts';

type Filter = envoy.config.listener.v3.Filter;

interface Sharer {
  readonly host: string;
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
  const settings = loggedBy(kind, all);
  const sharers = services.flatMap((service) => sharer(kind, service, at, settings));
  if (kind === 'envoy' || kind === 'envoy-meta') {
    const scopes = [...new Set(sharers.flatMap((one) => one.scopes))].sort();
    const resources = scopes.flatMap((scope) => inScopes([scope], sharedListener(kind, at, scope, sharers)));
    return { resources, findings: [] };
  }
  const [first, ...others] = sharers;
  if (kind === 'grpc' || first === undefined) return { resources: [], findings: [] };
  return {
    resources: inScopes(first.scopes, listener(address, port, 'outbound', [first.filter])),
    findings: others.length === 0 ? [] : [untold(kind, at, services)],
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
  return [{ host: service.host, scopes: listenerScopes(kind, meshService), filter }];
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
  [first, ...others]: readonly MeshService[],
): Finding {
  const names = others.map(({ service }) => service.host).join(', ');
  const message = `Proxies of kind ${kind} send all that is for ${address} port ${port} to ${first?.service.host}, and nothing to ${names}: they do not read server names.`;
  const object = { kind: 'Host', namespace: first?.service.namespace ?? '', name: first?.service.host ?? '' };
  return finding('ISTH0713', { object, message });
}
