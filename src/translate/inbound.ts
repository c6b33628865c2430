/** What the proxy beside a workload listens for, and the cluster that leads to the workload. */
import { type Finding, finding } from '../model/finding.ts';
import type { PortIngress } from '../model/ingress.ts';
import type { InboundPort, MeshSettings } from '../model/mesh-service.ts';
import type { ProxyKind } from '../model/proxy.ts';
import { isHttp } from '../model/service.ts';
import { limitsRequests } from '../model/traffic-limits.ts';
import type { envoy } from '../xds-api/messages.ts';
import type { EncodedResource } from './encoded-resource.ts';
import {
  httpAccess,
  httpAccessFilter,
  networkAccessFilter,
  networkRulesFilter,
  permittedCallers,
} from './envoy/access-control.ts';
import { loggedBy } from './envoy/access-logs.ts';
import { inboundCluster } from './envoy/clusters.ts';
import { callingDomains, domainsOf, namedOnce } from './envoy/federated-callers.ts';
import { httpConnections } from './envoy/http-connections.ts';
import { inboundHttpRoutes } from './envoy/http-routes.ts';
import { chainedListener, tlsInspector } from './envoy/listeners.ts';
import { authorizationFilters } from './envoy/proxy-peers.ts';
import { requestAccess } from './envoy/request-access.ts';
import { tcpProxy } from './envoy/tcp-proxies.ts';
import { downstreamTls, speaksMutualTls } from './envoy/tls-contexts.ts';
import { tokenFilters } from './envoy/tokens.ts';
import { adsSource } from './envoy/values.ts';
import { behindConnectionLimits, rateLimitClusters, requestLimits } from './inbound-limits.ts';
import { ingressRoutes, withIngressChain } from './ingress.ts';
import { metaKindFor } from './metaprotocol/dialect.ts';
import { inboundProxy } from './metaprotocol/proxy-filters.ts';
import { inboundClusterName, inboundRouteName } from './names/resource-names.ts';
import { comingOf, inboundScope, inScopes } from './scope.ts';
import type { Translation } from './translation.ts';
import {
  unenforcedBounds,
  unenforcedLimits,
  unreadProperties,
  unreadRequests,
  unreadTokens,
} from './unenforced-rules.ts';

type Filter = envoy.config.listener.v3.Filter;

/** Nothing for gRPC, which has no listeners, for sidecars of istiod, which have them from there, and for UDP. The cluster is the same for every kind and address. */
export function translateInbound(kind: ProxyKind, inbound: InboundPort, whole: MeshSettings): Translation {
  if (kind === 'istio-sidecar') return { resources: [], findings: [] };
  const { address, targetPort, codec, port, guard, telemetry } = inbound;
  const settings = loggedBy(kind, telemetry === undefined ? whole : { ...whole, telemetry });
  if (settings.exclusions?.inboundPorts.includes(targetPort) === true) return { resources: [], findings: [] };
  const isUdp = port.protocol.kind === 'plain' && port.protocol.protocol === 'udp';
  if (kind === 'grpc' || isUdp) return { resources: [], findings: [] };
  if (guard !== undefined && !speaksMutualTls(kind)) {
    const message = `The proxy at ${address} is of kind ${kind}, which asks for no certificates: it does not listen for port ${port.number} of ${inbound.host}.`;
    return { resources: [], findings: [finding('ISTH1322', { object: inbound.declaredBy, message })] };
  }
  const speaksProtocol = metaKindFor(kind, codec) !== undefined;
  const reads = readsHttp(kind, inbound);
  // A server that speaks first would speak to whoever the filters have not heard yet. metaproxy hears them before it calls.
  const isLate = guard?.rules !== undefined && !reads && !(kind === 'metaproxy' && speaksProtocol);
  const callers = isLate ? permittedCallers(guard.rules, targetPort) : 'any';
  const domains = isLate ? callingDomains(inbound, settings) : domainsOf('any', settings);
  const transportSocket = guard && downstreamTls(reads ? ['h2', 'http/1.1'] : [], { callers, domains, tls: guard.tls });
  const scope = inboundScope(kind, address, guard?.identity);
  // metaproxy itself knows nobody by several names.
  const named = guard === undefined || kind === 'metaproxy' ? [] : namedOnce(domains);
  const filters = [...named, ...filtersOf(kind, inbound, settings)];
  const ingress = kind === 'metaproxy' ? undefined : inbound.ingress;
  const chain = { filters, ...(transportSocket === undefined ? {} : { transportSocket }) };
  const resources = [
    inboundListener(inbound, chain, ingress, settings),
    inboundCluster(targetPort, reads || ingress !== undefined ? 'http' : 'bytes'),
    ...(reads ? [inboundRoutes(inbound)] : []),
    ...(ingress === undefined ? [] : [ingressRoutes(inbound, ingress, settings)]),
    ...(kind === 'metaproxy' ? [] : rateLimitClusters(inbound)),
  ];
  return {
    resources: comingOf({ kind: 'inbound', key: inbound.key }, inScopes([scope], ...resources)),
    findings: [
      ...unenforcedLimits(inbound, kind, speaksProtocol),
      ...unenforcedBounds(inbound, kind),
      ...unreadRequests(kind, inbound),
      ...unreadTokens(kind, inbound),
      ...missedIngress(kind, inbound),
      ...(readsProperties(kind, inbound) ? [] : unreadProperties(`Proxies of kind ${kind}`, inbound)),
    ],
  };
}

function inboundListener(
  inbound: InboundPort,
  chain: envoy.config.listener.v3.FilterChain,
  ingress: PortIngress | undefined,
  settings: MeshSettings,
): EncodedResource {
  const { address, targetPort } = inbound;
  if (ingress === undefined) return chainedListener(address, targetPort, 'inbound', [chain]);
  const chains = withIngressChain(chain, inbound, ingress, settings);
  return chainedListener(address, targetPort, 'inbound', chains, [tlsInspector]);
}

function missedIngress(kind: ProxyKind, { address, targetPort, ingress }: InboundPort): readonly Finding[] {
  if (ingress === undefined || kind !== 'metaproxy') return [];
  const message = `The proxy at ${address} is of kind ${kind}: it lets nobody in to port ${targetPort} from outside the mesh.`;
  return [finding('ISTH1415', { object: ingress.object, message })];
}

/** Where certificates are shown each request is looked into, elsewhere only where something is said of requests. */
function readsHttp(kind: ProxyKind, { port, guard, limits, tokens }: InboundPort): boolean {
  const isLimited = limits !== undefined && limitsRequests(limits);
  return kind !== 'metaproxy' && isHttp(port.protocol) && (guard !== undefined || isLimited || tokens !== undefined);
}

/** Whether the proxy itself keeps out requests by their properties. */
function readsProperties(kind: ProxyKind, { codec }: InboundPort): boolean {
  return metaKindFor(kind, codec) === 'metaproxy';
}

function filterOf(kind: ProxyKind, inbound: InboundPort, settings: MeshSettings): Filter {
  const { targetPort, codec } = inbound;
  const metaKind = metaKindFor(kind, codec);
  const name = inboundClusterName(targetPort);
  return metaKind === undefined || codec === undefined
    ? tcpProxy(name, name, settings)
    : inboundProxy(inbound, codec, settings, metaKind);
}

/** Connections are let through, then counted, then requests let through one by one where they can be told apart. */
function filtersOf(kind: ProxyKind, inbound: InboundPort, settings: MeshSettings): readonly Filter[] {
  const { targetPort, guard } = inbound;
  const narrowing = readsProperties(kind, inbound) ? [] : requestAccess(guard?.policies ?? [], 'connections');
  const access = [
    ...(guard?.rules === undefined ? [] : [networkAccessFilter(guard.rules, targetPort)]),
    ...narrowing.map((rules) => networkRulesFilter(rules, targetPort)),
  ];
  if (kind === 'metaproxy') return [...access, filterOf(kind, inbound, settings)];
  if (readsHttp(kind, inbound)) return behindConnectionLimits(inbound, [requestsFilter(inbound, settings)]);
  const counted = behindConnectionLimits(inbound, [filterOf(kind, inbound, settings)]);
  return [...access, ...counted];
}

function requestsFilter(inbound: InboundPort, settings: MeshSettings): Filter {
  const { address, targetPort, guard, tokens } = inbound;
  const { filters, usesAddresses } = requestLimits(inbound);
  return httpConnections({
    statPrefix: inboundClusterName(targetPort),
    routes: { rds: { configSource: adsSource, routeConfigName: inboundRouteName(address, targetPort) } },
    filters: [
      ...tokenFilters(tokens),
      ...(guard === undefined ? [] : [httpAccessFilter]),
      ...authorizationFilters(settings),
      ...filters,
    ],
    settings,
    direction: 'inbound',
    usesAddresses,
  });
}

/** A change of who may call, or how often, changes the routes alone, and counts on connections that stand. */
function inboundRoutes({ address, targetPort, guard, limits }: InboundPort): EncodedResource {
  const access = guard === undefined ? {} : httpAccess(guard.rules ?? 'any', targetPort);
  return inboundHttpRoutes(inboundRouteName(address, targetPort), inboundClusterName(targetPort), access, limits);
}
