/**
 * The mesh model in the terms of proxies.
 *
 *   MeshService --translateOutbound(kind)--> listeners, routes      per kind of proxy
 *               --translateClusters--------> clusters               for all kinds
 *   + endpoint groups --translateEndpoints-> load assignments       for all kinds
 *   InboundPort --translateInbound(kind)---> listener, cluster      for the proxy at the address
 *
 * What goes in is a value of the model; what comes out is encoded, named by its content, and stands in a scope that
 * says who may see it. All of it is pure: no clock, no file, no memory but of what follows from a value. A kind of
 * proxy is never given a filter that it does not know, and what is then not enforced is a finding, never silence.
 */
import type { EndpointGroup } from '../model/endpoint.ts';
import { type Finding, finding } from '../model/finding.ts';
import type { MeshPort, MeshService, MeshSettings } from '../model/mesh-service.ts';
import type { ProxyKind } from '../model/proxy.ts';
import { isHttp } from '../model/service.ts';
import { boundsRequests } from '../model/traffic-policy.ts';
import { sourceNamespaces, splitFor } from '../model/traffic-split.ts';
import type { envoy } from '../xds-api/messages.ts';
import { translateEgress } from './egress.ts';
import type { EncodedResource } from './encoded-resource.ts';
import { customJsonFormat, loggedBy } from './envoy/access-logs.ts';
import { apiListener } from './envoy/api-listeners.ts';
import { crossOriginFilters } from './envoy/cross-origin.ts';
import { discoveryOf, followsDialled } from './envoy/discovery.ts';
import { isGrpcPort } from './envoy/grpc-clusters.ts';
import { grpcSplit } from './envoy/grpc-splits.ts';
import { httpConnections } from './envoy/http-connections.ts';
import { outboundHttpRoutes } from './envoy/http-routes.ts';
import { faultFilters } from './envoy/http-treatments.ts';
import { listener, unbound } from './envoy/listeners.ts';
import { speaksMutualTls } from './envoy/tls-contexts.ts';
import { adsSource } from './envoy/values.ts';
import { followedEndpoints, headlessListeners, unreachable } from './headless.ts';
import { metaKindFor } from './metaprotocol/dialect.ts';
import { httpRoutes } from './metaprotocol/http-routes.ts';
import { outboundProxy } from './metaprotocol/proxy-filters.ts';
import { metaRoutes } from './metaprotocol/routes.ts';
import { translateSidecarRoutes } from './metaprotocol/sidecar-routes.ts';
import { httpRouteName, outboundClusterName } from './names/resource-names.ts';
import { nativeReading } from './native-reading.ts';
import { listenedFor, plainFilter, restCluster } from './plain-ports.ts';
import {
  comingOf,
  inScopes,
  inScopesOfCallers,
  listenerScopes,
  type RoutesOfCallers,
  type ScopedResource,
} from './scope.ts';
import type { Translation } from './translation.ts';
import {
  unavailableCodec,
  unenforcedPools,
  unenforcedRetries,
  unenforcedRoutes,
  unenforcedSplit,
  untoldSplit,
  untoldTreatment,
} from './unenforced-rules.ts';

type Filter = envoy.config.listener.v3.Filter;

interface PortTranslation {
  /** What its listeners do with a connection, at whatever address. */
  readonly filter?: Filter;
  /** The same, where the proxy lacks that filter. */
  readonly limited?: Filter;
  readonly resources: readonly EncodedResource[];
  /** Routes of requests, and those that some callers have in their place. */
  readonly routes?: RoutesOfCallers;
  readonly findings: readonly Finding[];
}

/**
 * Listeners and routes by which callers behind a proxy of this kind reach the service. `groups`: the endpoints of a headless
 * service, where some proxies of the kind are handed their connections; all others cannot stand at addresses of workloads.
 */
export function translateOutbound(
  kind: ProxyKind,
  whole: MeshService,
  all: MeshSettings,
  groups?: readonly EndpointGroup[],
): Translation {
  if (kind === 'istio-sidecar') return translateSidecarRoutes(whole);
  const settings = loggedBy(kind, all);
  const meshService = kind === 'grpc' ? whole : listenedFor(whole);
  const { service } = meshService;
  if (meshService.egress !== undefined) return translateEgress(kind, meshService, settings);
  if (discoveryOf(service.resolution) === 'none') return { resources: [], findings: [] };
  if (meshService.security !== undefined && !speaksMutualTls(kind)) {
    const message = `${service.host} demands certificates, which proxies of kind ${kind} do not show: they are not told of it.`;
    return { resources: [], findings: [finding('ISTH1322', { object: service.provenance.object, message })] };
  }
  const scopes = listenerScopes(kind, meshService);
  const ports = meshService.ports.map((port) => ({
    number: port.port.number,
    ...(kind === 'grpc' ? forGrpcClients(meshService, port) : forProxies(kind, meshService, port, settings)),
  }));
  const atEndpoints = followedEndpoints(kind, meshService, groups);
  return {
    resources: ports.flatMap(({ number, filter, limited, resources, routes }) =>
      comingOf({ kind: 'port', service: service.key, port: number }, [
        ...resources.flatMap((resource) => inScopes(scopes, resource)),
        ...(limited === undefined ? [] : limitedListeners(kind, meshService, number, limited)),
        ...(filter === undefined ? [] : headlessListeners(kind, meshService, atEndpoints.get(number) ?? [], filter)),
        ...(routes === undefined ? [] : inScopesOfCallers(kind, meshService, scopes, routes)),
      ]),
    ),
    findings: [
      ...ports.flatMap(({ findings }) => findings),
      ...unenforcedRetries(kind, meshService),
      ...unenforcedPools(kind, meshService),
      ...unreachable(kind, meshService, groups),
    ],
  };
}

/** What is amiss with the settings themselves, whatever is translated under them. */
export function settingsFindings({ accessLog, writtenBy = [] }: MeshSettings): readonly Finding[] {
  if (accessLog.encoding !== 'JSON' || !accessLog.format || customJsonFormat(accessLog.format) !== undefined) return [];
  const [object = { kind: 'MeshConfig', name: 'mesh' }] = writtenBy;
  const message = 'The format is no JSON object: the default fields are logged.';
  return [finding('ISTH0707', { object, path: 'spec.accessLog.format', message })];
}

/** A gRPC client is its own proxy: it reads API listeners, and only gRPC can be told of its requests. */
function forGrpcClients({ service, policy }: MeshService, { port, split = [] }: MeshPort): PortTranslation {
  if (!isGrpcPort(port)) return { resources: [], findings: [] };
  const { loadBalancing } = policy.portPolicies[port.number] ?? policy.policy;
  const hashHeader = loadBalancing.kind === 'consistent-hash' ? loadBalancing.property : undefined;
  const { routes, untold, clusters } = grpcSplit(split, service.host, port.number);
  return {
    resources: [...clusters, ...apiListener(service.host, port.number, hashHeader, routes)],
    findings: [
      ...untold.map((route) => untoldSplit(service.host, port, route)),
      ...untoldTreatment(service.host, port, split),
    ],
  };
}

function forProxies(
  kind: ProxyKind,
  meshService: MeshService,
  meshPort: MeshPort,
  settings: MeshSettings,
): PortTranslation {
  const { service } = meshService;
  const { port, codec, routes } = meshPort;
  if (port.protocol.kind === 'plain' && port.protocol.protocol === 'udp') {
    const message = `Port ${port.number} of ${service.host} is UDP, which no proxy is given a listener for.`;
    return { resources: [], findings: [finding('ISTH0703', { object: service.provenance.object, message })] };
  }
  const policy = meshService.policy.portPolicies[port.number] ?? meshService.policy.policy;
  if (kind === 'metaproxy' && followsDialled(service, policy)) {
    const message = `Port ${port.number} of ${service.host} goes to whatever address is dialled, which metaproxy does not follow.`;
    return { resources: [], findings: [finding('ISTH0708', { object: service.provenance.object, message })] };
  }
  if (readsRequests(kind, meshService, meshPort)) return httpPort(meshService, meshPort, settings);
  const native = routes === undefined ? undefined : nativeReading(kind, codec, routes);
  if (routes !== undefined && native !== undefined) {
    const filter = native.filter(service.host, port.number, settings);
    return {
      filter,
      limited: plainFilter(meshService, meshPort, settings),
      resources: [...listeners(meshService, port.number, filter), native.routes(routes)],
      findings: native.findings(routes, service.provenance.object),
    };
  }
  const metaKind = routes === undefined ? undefined : metaKindFor(kind, codec);
  if (metaKind === undefined || codec === undefined || routes === undefined) {
    const filter = plainFilter(meshService, meshPort, settings);
    const rules = routes === undefined ? [] : unenforcedRoutes(meshService, routes, kind);
    return {
      filter,
      resources: listeners(meshService, port.number, filter),
      findings: [
        ...rules,
        ...unavailableCodec(meshService, meshPort, kind),
        ...unenforcedSplit(meshService, meshPort, kind),
      ],
    };
  }
  const filter = outboundProxy({ host: service.host, port: port.number, codec }, settings, metaKind);
  return {
    filter,
    resources: [
      ...listeners(meshService, port.number, filter),
      httpRoutes(routes, metaKind),
      ...(metaKind === 'metaproxy' ? [metaRoutes(routes)] : []),
    ],
    findings: [],
  };
}

/** In the mesh all proxies that show certificates do; outside of it, only where something is said of requests. */
function readsRequests(
  kind: ProxyKind,
  { security, retries, policy }: MeshService,
  { port, split }: MeshPort,
): boolean {
  const isBounded = boundsRequests(policy.portPolicies[port.number] ?? policy.policy);
  const isAsked = security !== undefined || split !== undefined || retries !== undefined || isBounded;
  return kind !== 'metaproxy' && isHttp(port.protocol) && isAsked;
}

function httpPort(
  meshService: MeshService,
  { port: { number }, split }: MeshPort,
  settings: MeshSettings,
): PortTranslation {
  const { service, retries = [] } = meshService;
  const { host } = service;
  const rest = restCluster(service, number);
  const routes = { rds: { configSource: adsSource, routeConfigName: httpRouteName(host, number) } };
  const statPrefix = outboundClusterName(host, number);
  const filters = [...faultFilters(split), ...crossOriginFilters(split)];
  const filter = httpConnections({ statPrefix, routes, filters, settings, direction: 'outbound' });
  return {
    filter,
    resources: listeners(meshService, number, filter),
    routes: {
      for: (namespace, policy) =>
        outboundHttpRoutes(host, number, rest, split === undefined ? [] : splitFor(split, namespace), policy),
      namespaces: sourceNamespaces(split ?? []),
      retries,
    },
    findings: [],
  };
}

/** What other hosts have as well is in a listener of them all. */
function listeners(
  { addresses, sharedAt = [] }: MeshService,
  port: number,
  filter: Filter,
): readonly EncodedResource[] {
  const own = addresses.filter((address) => !sharedAt.some((one) => one.address === address && one.port === port));
  return own.map((address) => listener(address, port, 'outbound', [filter]));
}

function limitedListeners(
  kind: ProxyKind,
  meshService: MeshService,
  port: number,
  filter: Filter,
): readonly ScopedResource[] {
  const plain = listeners(meshService, port, filter);
  return [
    ...plain.flatMap((resource) => inScopes(listenerScopes(`${kind}+limited`, meshService), resource)),
    ...plain.flatMap((resource) => inScopes(listenerScopes(`${kind}+handed-limited`, meshService), unbound(resource))),
  ];
}
