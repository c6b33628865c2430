/**
 * Who may see a resource. Every translated resource stands in one scope, and a proxy sees its scopes merged: where two
 * hold a resource of one type and name, the scope that comes first wins.
 *
 *   <kind>@<address>         what the proxy at this address listens for
 *   <kind>@<address>#<id>    the same, where the workload there is known by its certificate
 *   <audience>#<SPIFFE id>   what the workloads of this identity may call
 *   <audience>/<namespace>   what is exported to this namespace
 *   <audience>!<namespace>   what this namespace exports to all, of hosts that others declare as well
 *   <audience>/*             what is exported to all
 *
 * The audience is a kind of proxy, or `all` for what every kind reads alike (clusters, endpoints). Proxies that are handed
 * their connections read, before what their kind does, the audience `<kind>+handed` (listeners that nothing is bound for),
 * and `<kind>+<interception>-<family>` (what takes the connections, by the families of their addresses).
 * Envoys that lack one of the filters for requests read `envoy+limited` before `envoy` (listeners that pass connections on),
 * and `envoy+handed-limited` before `envoy+handed`.
 * A sidecar of istiod reads what is for its kind, and nothing that is for `all`: its clusters are istiod's.
 * Proxies that say where they are read `all+<place>` before `all`: endpoints in the order of their distance from there.
 * A proxy with a Sidecar reads the same scopes, and of them what comes of hosts that the Sidecar names; `!` is for these
 * alone, who say whose host they mean.
 */
import type { Locality } from '../model/endpoint.ts';
import type { HostScope } from '../model/host-scope.ts';
import { parseSpiffeId } from '../model/identity.ts';
import type { MeshService } from '../model/mesh-service.ts';
import type { Interception, ProxyKind, ProxyNode } from '../model/proxy.ts';
import type { ResourceOrigin } from '../model/resource-origin.ts';
import type { CallerRetry, RetryPolicy } from '../model/retry.ts';
import type { Visibility } from '../model/service.ts';
import type { EncodedResource } from './encoded-resource.ts';
import { lacksNativeFilters } from './native-filters.ts';

export type AddressFamily = 'ipv4' | 'ipv6';
export type Audience =
  | ProxyKind
  | 'all'
  | `all+${string}`
  | `${ProxyKind}+handed`
  | `${ProxyKind}+limited`
  | `${ProxyKind}+handed-limited`
  | `${ProxyKind}+${Interception}`
  | `${ProxyKind}+${Interception}-${AddressFamily}`;

export interface ScopedResource {
  readonly scope: string;
  readonly resource: EncodedResource;
  /** Absent for what comes of nothing that users write, and until a translation is whole. */
  readonly origin?: ResourceOrigin;
}

/** Each with what it is made of. */
export function comingOf(origin: ResourceOrigin, resources: readonly ScopedResource[]): readonly ScopedResource[] {
  return resources.map(({ scope, resource }) => ({ scope, resource, origin }));
}

/** Of services that proxies are told of for other services' sake as well. */
export function reachedBy(
  reach: Pick<Extract<ResourceOrigin, { kind: 'port' }>, 'reachedBy'>,
  resources: readonly ScopedResource[],
): readonly ScopedResource[] {
  if (reach.reachedBy === undefined) return resources;
  return resources.map((one) => (one.origin?.kind === 'port' ? { ...one, origin: { ...one.origin, ...reach } } : one));
}

/**
 * Whether a proxy that is told of these hosts alone is told of the resource: of what is for a host of them, and of the clusters
 * and endpoints that are behind one. A listener for several hosts is whole, or not there.
 */
export function isWithin(hosts: HostScope, origin: ResourceOrigin | undefined): boolean {
  if (origin?.kind === 'shared') return origin.services.some((service) => hosts.has(service));
  if (origin?.kind !== 'port') return true;
  const { service, reachedBy: by = [] } = origin;
  return hosts.has(service) || by === 'all' || by.some((one) => hosts.has(one));
}

/** Unique among all that is translated, but for services that contend for one address. */
export function scopedResourceKey({ scope, resource }: ScopedResource): string {
  return scopedKey(scope, resource.typeUrl, resource.name);
}

export function scopedKey(scope: string, typeUrl: string, name: string): string {
  return `${scope}|${typeUrl}|${name}`;
}

/**
 * The scopes a proxy sees, the first of which has precedence. The first address goes before the others. `hosts`: what alone
 * it is told of.
 */
export function scopesOf(proxy: ProxyNode, hosts?: Pick<HostScope, 'namespaces'>): readonly string[] {
  if (proxy.kind === 'istio-sidecar') return [`${proxy.kind}/${proxy.namespace}`, `${proxy.kind}/*`];
  const { identity, addresses, namespace, interception, locality } = proxy;
  const own = ownAudiences(proxy);
  const audiences: readonly Audience[] = [...own, ...(locality === undefined ? [] : [nearAudience(locality)]), 'all'];
  const inbound = (id?: string) => addresses.flatMap((address) => own.map((one) => inboundScope(one, address, id)));
  return [
    ...inbound(),
    ...(identity === undefined ? [] : inbound(identity)),
    ...(identity === undefined ? [] : audiences.map((audience) => callerScope(audience, identity))),
    ...audiences.map((audience) => `${audience}/${namespace}`),
    ...(hosts?.namespaces ?? []).flatMap((one) => audiences.map((audience) => contestedScope(audience, one))),
    ...audiences.map((audience) => `${audience}/*`),
    ...(interception === undefined ? [] : interceptionAudiences(proxy, interception).map((one) => `${one}/*`)),
  ];
}

function ownAudiences(proxy: ProxyNode): readonly Audience[] {
  const { kind, interception } = proxy;
  const isLimited = lacksNativeFilters(proxy);
  if (interception === undefined) return [...(isLimited ? ([`${kind}+limited`] as const) : []), kind];
  return [...(isLimited ? ([`${kind}+handed-limited`] as const) : []), `${kind}+handed`, kind];
}

/** Of proxies in a place. What a proxy says of its place can be no part of any other scope. */
export function nearAudience({ region, zone }: Locality): `all+${string}` {
  return `all+${[region, zone].map((part) => encodeURIComponent(part.toWellFormed())).join(',')}`;
}

/** A family that a machine lacks cannot be listened on: it is told of those it has an address of. */
function interceptionAudiences({ kind, addresses }: ProxyNode, interception: Interception): readonly Audience[] {
  const families: readonly AddressFamily[] = ['ipv4', 'ipv6'];
  const own = families.filter((family) => addresses.some((address) => familyOf(address) === family));
  return [`${kind}+${interception}`, ...own.map((family) => `${kind}+${interception}-${family}` as const)];
}

/** Of an IP address. */
export function familyOf(address: string): AddressFamily {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/**
 * One scope for all namespaces, or one for each that may see; none for what nobody may see. A host that another
 * namespace declares as well stands in the scope of its own namespace too, which goes before that of all, and in one for who
 * asks for this namespace's.
 */
export function outboundScopes(audience: Audience, { service, contested, security }: MeshService): readonly string[] {
  const { visibility, namespace } = service;
  if (security !== undefined && security.callers !== 'any')
    return security.callers.filter((caller) => sees(caller, visibility)).map((caller) => callerScope(audience, caller));
  if (visibility.kind === 'namespaces') return visibility.namespaces.map((visible) => `${audience}/${visible}`);
  if (contested !== true) return [`${audience}/*`];
  return [`${audience}/${namespace}`, contestedScope(audience, namespace), `${audience}/*`];
}

/** Of its listeners and routes, which the callers of a split's backends need as well; clusters stay with their own. */
export function listenerScopes(audience: Audience, meshService: MeshService): readonly string[] {
  const { security, splitCallers } = meshService;
  return security === undefined || splitCallers === undefined
    ? outboundScopes(audience, meshService)
    : outboundScopes(audience, { ...meshService, security: { ...security, callers: splitCallers } });
}

/** Routes of requests that are not the same for all callers. */
export interface RoutesOfCallers {
  /** Those of callers of a namespace (undefined: of any), with the retries of one of them. */
  readonly for: (namespace: string | undefined, retries?: RetryPolicy) => EncodedResource;
  /** Whose callers have routes of their own. */
  readonly namespaces: readonly string[];
  /** Callers whose requests are tried again by policies of their own. */
  readonly retries: readonly CallerRetry[];
}

/**
 * The routes in each of the service's scopes, and for callers who have some of their own, those in theirs: whoever may not
 * see the service sees neither. `scopes` are those of the service for the audience.
 */
export function inScopesOfCallers(
  audience: Audience,
  meshService: MeshService,
  scopes: readonly string[],
  routes: RoutesOfCallers,
): readonly ScopedResource[] {
  const own = routes.retries.filter(
    ({ caller }) => scopes.includes(callerScope(audience, caller)) || seesWithAll(caller, meshService, scopes),
  );
  const special = new Map(own.map(({ caller, policy }) => [callerScope(audience, caller), policy]));
  const further = routes.namespaces
    .filter((namespace) => scopes.includes(`${audience}/*`) && isSureOf(namespace, meshService))
    .map((namespace) => namespaceScope(audience, namespace));
  // Nearly all services have the same routes for all namespaces: they are encoded once.
  const encoded = new Map<string | undefined, EncodedResource>();
  const routesFor = (scope: string): EncodedResource => {
    const policy = special.get(scope);
    const namespace = routes.namespaces.find((one) => one === namespaceOf(audience, scope));
    if (policy !== undefined) return routes.for(namespace, policy);
    const resource = encoded.get(namespace) ?? routes.for(namespace);
    encoded.set(namespace, resource);
    return resource;
  };
  const all = new Set([...scopes, ...further, ...special.keys()]);
  return [...all].map((scope) => ({ scope, resource: routesFor(scope) }));
}

/** Of a scope for callers of one namespace, or for one of them. */
function namespaceOf(audience: Audience, scope: string): string | undefined {
  const caller = callerScope(audience, '');
  if (scope.startsWith(caller)) return parseSpiffeId(scope.slice(caller.length))?.namespace;
  const [first = '', namespace] = scope.split('/');
  return first === audience && namespace !== '*' ? namespace : undefined;
}

/** Of a host that another namespace declares as well, callers there get that one. */
function isSureOf(namespace: string, { service, contested }: MeshService): boolean {
  return contested !== true || namespace === service.namespace;
}

/** Of a host that another namespace declares as well, only callers of its own namespace are known to get this one. */
function seesWithAll(caller: string, { service, contested }: MeshService, scopes: readonly string[]): boolean {
  const isForAll = scopes.some((scope) => !scope.includes('#'));
  const isSure = contested !== true || parseSpiffeId(caller)?.namespace === service.namespace;
  return isForAll && isSure && sees(caller, service.visibility);
}

function sees(caller: string, visibility: Visibility): boolean {
  if (visibility.kind === 'public') return true;
  const namespace = parseSpiffeId(caller)?.namespace;
  return namespace !== undefined && visibility.namespaces.includes(namespace);
}

function contestedScope(audience: Audience, namespace: string): string {
  return `${audience}!${namespace}`;
}

/** What is made for those proxies of a namespace alone that are told of these hosts. */
export function chosenScope(namespace: string, hosts: HostScope): string {
  return `all/${namespace} ${hosts.key}`;
}

/** What is for the proxies of a namespace. */
export function namespaceScope(audience: Audience, namespace: string): string {
  return `${audience}/${namespace}`;
}

export function callerScope(audience: Audience, identity: string): string {
  return `${audience}#${identity}`;
}

/** `identity`: who alone may listen there, where that is known. */
export function inboundScope(audience: Audience, address: string, identity?: string): string {
  return identity === undefined ? `${audience}@${address}` : `${audience}@${address}#${identity}`;
}

export function isHandedScope(kind: ProxyKind, scope: string): boolean {
  return scope.startsWith(`${kind}+`);
}

/** Of a scope of the kind: that of the kind's proxies that are handed their connections. */
export function handedScope(kind: ProxyKind, scope: string): string {
  const audience: Audience = `${kind}+handed`;
  return `${audience}${scope.slice(kind.length)}`;
}

/** The resource in each of the scopes. Its bytes are shared. */
export function inScopes(
  scopes: readonly string[],
  ...resources: readonly EncodedResource[]
): readonly ScopedResource[] {
  return resources.flatMap((resource) => scopes.map((scope) => ({ scope, resource })));
}
