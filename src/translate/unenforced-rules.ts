/** What is written for requests, and a kind of proxy that only sees connections does not do: a finding for each rule. */
import { type Finding, finding } from '../model/finding.ts';
import type { InboundPort, MeshPort, MeshService } from '../model/mesh-service.ts';
import type { ProxyKind } from '../model/proxy.ts';
import type { Route, RouteTable, RuleOrigin } from '../model/route.ts';
import { isHttp, type ServicePort } from '../model/service.ts';
import type { TrafficPolicy } from '../model/traffic-policy.ts';
import type { PortSplit, SplitRoute } from '../model/traffic-split.ts';
import { isGrpcPort } from './envoy/grpc-clusters.ts';
import { dependsOnProperties } from './envoy/request-access.ts';
import { metaKindFor } from './metaprotocol/dialect.ts';
import { fillsTooOften } from './metaprotocol/rate-limits.ts';

/** The routes of a port that this kind serves as plain TCP. The fallback's own weights do hold, for connections. */
export function unenforcedRoutes({ service }: MeshService, table: RouteTable, kind: ProxyKind): readonly Finding[] {
  const { object } = service.provenance;
  const fallback = fallbackRoute(table);
  return table.routes.flatMap((route, at) => {
    const rules = requestRules(route, route === fallback);
    if (rules.length === 0) return [];
    const message = `Proxies of kind ${kind} pass port ${table.port} through as plain TCP: ${rules.join(', ')} of route ${route.name || at} not enforced.`;
    const path = route.path ?? `ports[${table.port}].routes[${at}]`;
    return [finding('ISTH0701', { object, ...table.origin, ...route.origin, path, message })];
  });
}

/** Whether the port's requests have to be read for its routes to hold. */
export function asksOfRequests({ routes }: RouteTable): boolean {
  const fallback = routes.find(({ match }) => match.length === 0);
  return routes.some((route) => requestRules(route, route === fallback).length > 0);
}

/** The route that a connection takes for all its requests: the first that asks nothing of them. */
export function fallbackRoute(table: RouteTable | undefined): Route | undefined {
  return table?.routes.find(({ match }) => match.length === 0);
}

function requestRules(route: Route, isFallback: boolean): readonly string[] {
  const rules: readonly (readonly [boolean, string])[] = [
    [route.match.length > 0, 'match'],
    [
      !isFallback || route.destinations.length > 1,
      isFallback ? 'weights by request (by connection, they are)' : 'destinations',
    ],
    [route.mirror !== undefined, 'mirror'],
    [route.requestMutation.length > 0, 'requestMutation'],
    [route.responseMutation.length > 0, 'responseMutation'],
    [route.hashProperties.length > 0, 'consistent hash by property'],
  ];
  return rules.flatMap(([applies, name]) => (applies ? [name] : []));
}

/** Splits of a port of HTTP whose connections are not looked into. Other ports have only splits of connections. */
export function unenforcedSplit(
  { service }: MeshService,
  { port, split = [] }: MeshPort,
  kind: ProxyKind,
): readonly Finding[] {
  if (!isHttp(port.protocol)) return [];
  return split.flatMap((route) => {
    const { origin, requests, destinations } = route;
    const isAny = requests === 'any';
    const rules = [
      ...(isAny && destinations.length > 1 ? ['weights by request (by connection, they are)'] : []),
      ...(isAny ? [] : ['matches']),
      ...treatmentsOf(route),
    ];
    if (rules.length === 0) return [];
    const message = `Proxies of kind ${kind} pass port ${port.number} of ${service.host} through as plain TCP: ${rules.join(', ')} not enforced.`;
    const path = route.path ?? (isAny ? 'spec.backends' : 'spec.matches');
    return [finding('ISTH1339', { ...origin, path, message })];
  });
}

/** What is done with requests of a route beside sending them to its destinations, as it is written. */
function treatmentsOf({ http, destinations }: SplitRoute): readonly string[] {
  const { timeoutMs, retry, mirrors = [], headers, faults, crossOrigin, rewrite, answer } = http ?? {};
  const changesHeaders = headers !== undefined || destinations.some((one) => one.headers !== undefined);
  const parts: readonly (readonly [boolean, string])[] = [
    [timeoutMs !== undefined, 'timeout'],
    [retry !== undefined && retry !== 'never', 'retries'],
    [mirrors.length > 0, 'mirrors'],
    [changesHeaders, 'headers'],
    [faults !== undefined, 'fault'],
    [crossOrigin !== undefined, 'corsPolicy'],
    [rewrite !== undefined, 'rewrite'],
    [answer?.kind === 'redirection', 'redirect'],
    [answer?.kind === 'given', 'directResponse'],
  ];
  return parts.flatMap(([applies, name]) => (applies ? [name] : []));
}

/** Only an Envoy beside the caller tries again. One finding a Retry, and none for what no such proxy is told of. */
export function unenforcedRetries(kind: ProxyKind, { service, ports, retries = [] }: MeshService): readonly Finding[] {
  const isConcerned = kind === 'metaproxy' || (kind === 'grpc' && ports.some(({ port }) => isGrpcPort(port)));
  if (!isConcerned) return [];
  return retries.map(({ origin }) => {
    const message = `Callers of ${service.host} with proxies of kind ${kind} try nothing again.`;
    return finding('ISTH1344', { ...origin, path: 'spec.retryPolicy', message });
  });
}

/**
 * For what of its callers' connections such proxies pass over: a finding for each object that says something of them.
 * metaproxy keeps to how many connections and waiting requests there may be, gRPC to how many requests.
 */
export function unenforcedPools(kind: ProxyKind, { service, ports, policy }: MeshService): readonly Finding[] {
  const policies = [policy.policy, ...Object.values(policy.portPolicies), ...policy.subsets.map((one) => one.policy)];
  const written = new Set(policies.flatMap((one) => (kind === 'grpc' ? untoldToGrpc(one) : unreadByMetaproxy(one))));
  const isConcerned = kind === 'metaproxy' || (kind === 'grpc' && ports.some(({ port }) => isGrpcPort(port)));
  if (!isConcerned || written.size === 0) return [];
  const { overridden, origin = { object: service.provenance.object } } = policy;
  const ofSetting = [...written].filter((field) => overridden?.fields.includes(field));
  const ofRule = [...written].filter((field) => !ofSetting.includes(field));
  const missed = (about: RuleOrigin, path: string, fields: readonly string[]): readonly Finding[] => {
    const message = `Callers of ${service.host} with proxies of kind ${kind} do not keep to ${fields.join(', ')}.`;
    return fields.length === 0 ? [] : [finding('ISTH1344', { ...about, path, message })];
  };
  return [
    ...missed(origin, 'spec.trafficPolicy', ofRule),
    ...(overridden === undefined ? [] : missed(overridden.origin, 'spec.connectionSettings', ofSetting)),
  ];
}

function unreadByMetaproxy({ maxRequests, ...policy }: TrafficPolicy): readonly string[] {
  return [...unreadByBoth(policy), ...(maxRequests === undefined ? [] : ['maxRequests'])];
}

function untoldToGrpc({ maxConnections, maxPendingRequests, ...policy }: TrafficPolicy): readonly string[] {
  return [
    ...unreadByBoth(policy),
    ...(maxConnections === undefined ? [] : ['maxConnections']),
    ...(maxPendingRequests === undefined ? [] : ['maxPendingRequests']),
  ];
}

function unreadByBoth(policy: TrafficPolicy): readonly string[] {
  const { outlierDetection, maxRetries, maxRequestsPerConnection, httpIdleTimeoutMs, tcpKeepaliveSeconds } = policy;
  return [
    ...(outlierDetection === undefined ? [] : ['outlierDetection']),
    ...(maxRetries === undefined ? [] : ['maxRetries']),
    ...(maxRequestsPerConnection === undefined ? [] : ['maxRequestsPerConnection']),
    ...(httpIdleTimeoutMs === undefined ? [] : ['idleTimeout']),
    ...(tcpKeepaliveSeconds === undefined ? [] : ['tcpKeepalive']),
  ];
}

/** A split that gRPC clients are not told of. */
export function untoldSplit(
  host: string,
  { number }: ServicePort,
  { origin, path = 'spec.matches' }: SplitRoute,
): Finding {
  const message = `gRPC clients cannot choose calls by their host: they send all that is meant for port ${number} of ${host} where other calls go.`;
  return finding('ISTH1339', { ...origin, path, message });
}

/** What gRPC clients do not do with calls of a split that they are told of. */
export function untoldTreatment(host: string, { number }: ServicePort, split: PortSplit): readonly Finding[] {
  return split.flatMap((route) => {
    const parts = treatmentsOf(route);
    if (parts.length === 0) return [];
    const message = `gRPC clients do nothing of ${parts.join(', ')} with calls of port ${number} of ${host}.`;
    return [finding('ISTH1339', { ...route.origin, path: route.path ?? 'spec.http', message })];
  });
}

/** A codec that is a description cannot be given to an Envoy, whose codecs are compiled in; nor has each kind all others. */
export function unavailableCodec(
  { service }: MeshService,
  { port, codec }: MeshPort,
  kind: ProxyKind,
): readonly Finding[] {
  const canSpeak = codec === undefined || metaKindFor(kind, codec) !== undefined;
  if (canSpeak || (kind !== 'envoy-meta' && kind !== 'metaproxy')) return [];
  const message = `Proxies of kind ${kind} have no codec ${codec.protocol.codec}: port ${port.number} of ${service.host} is plain TCP to them.`;
  return [finding('ISTH0702', { object: service.provenance.object, path: `ports[${port.number}]`, message })];
}

/** Rate limits before a workload. `speaksProtocol`: whether the proxy reads the port's requests at all. */
export function unenforcedLimits(
  inbound: Omit<InboundPort, 'key' | 'address' | 'targetPort'>,
  kind: ProxyKind,
  speaksProtocol: boolean,
): readonly Finding[] {
  const { host, declaredBy, port, localRateLimit, globalRateLimit, origin } = inbound;
  const about = origin ?? { object: declaredBy };
  const refuse = (rule: string): Finding =>
    finding('ISTH0701', {
      ...about,
      path: `spec.${rule}`,
      message: `Proxies of kind ${kind} do not enforce the ${rule} of port ${port.number} of ${host}.`,
    });
  const buckets = [localRateLimit?.bucket ?? [], (localRateLimit?.conditions ?? []).map(({ bucket }) => bucket)].flat();
  const isSlowed = speaksProtocol && buckets.some(fillsTooOften);
  const message = `Proxies fill a bucket every 50 ms at most: ${host} gets as many tokens over time, in larger portions.`;
  return [
    ...(localRateLimit !== undefined && !speaksProtocol ? [refuse('localRateLimit')] : []),
    ...(globalRateLimit !== undefined && (!speaksProtocol || kind === 'metaproxy') ? [refuse('globalRateLimit')] : []),
    ...(isSlowed ? [finding('ISTH0706', { ...about, path: 'spec.localRateLimit', message })] : []),
  ];
}

/** Rules for HTTP requests before a proxy that does not read HTTP: nothing is permitted by them. */
export function unreadRequests(kind: ProxyKind, { host, port, guard }: InboundPort): readonly Finding[] {
  if (kind !== 'metaproxy' || !isHttp(port.protocol)) return [];
  const message = `Proxies of kind ${kind} do not read HTTP: port ${port.number} of ${host} stays closed to what it permits by requests.`;
  return (guard?.rules ?? []).flatMap(({ object, requests }) =>
    requests === 'any' ? [] : [finding('ISTH1350', { object, path: 'spec.rules', message })],
  );
}

/** Tokens are looked at where requests of HTTP are read. What rests on one permits nothing elsewhere. */
export function unreadTokens(kind: ProxyKind, { host, port, tokens = [] }: InboundPort): readonly Finding[] {
  if (kind !== 'metaproxy' && isHttp(port.protocol)) return [];
  const why = isHttp(port.protocol)
    ? `Proxies of kind ${kind} do not read HTTP`
    : 'It does not speak HTTP, as far as is known';
  const message = `Nobody looks at tokens at port ${port.number} of ${host}: requests with tokens that are not valid get through. ${why}.`;
  const objects = new Map(tokens.map(({ origin }) => [JSON.stringify(origin.object), origin]));
  return [...objects.values()].map((origin) => finding('ISTH1352', { ...origin, path: 'spec.jwtRules', message }));
}

/** Bounds before a workload: metaproxy reads no HTTP, and counts no connections. */
export function unenforcedBounds({ host, address, limits }: InboundPort, kind: ProxyKind): readonly Finding[] {
  if (limits === undefined || kind !== 'metaproxy') return [];
  const message = `The proxy at ${address} is of kind ${kind}, which counts nothing of what comes for ${host}.`;
  return [finding('ISTH1344', { ...limits.origin, path: 'spec.rateLimit', message })];
}

/** Policies for requests before `proxies` that see connections: what they deny in part is denied, what they allow in part is not allowed. */
export function unreadProperties(
  proxies: string,
  { host, port, guard }: Pick<InboundPort, 'host' | 'port' | 'guard'>,
): readonly Finding[] {
  return (guard?.policies ?? []).flatMap(({ action, rules, object, place }) =>
    rules.filter(dependsOnProperties).map(({ path }) => {
      const outcome = action === 'deny' ? 'whoever it denies something may not connect' : 'nobody may connect by it';
      const message = `${proxies} do not read the requests of port ${port.number} of ${host}: ${outcome}.`;
      return finding('ISTH1350', { object, path, message, ...(place === undefined ? {} : { place }) });
    }),
  );
}
