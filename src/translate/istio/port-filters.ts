/**
 * Which filters a port is given, by what it speaks, and which proxies can take them. A port of which Istio knows as much as
 * we do (HTTP, plain TCP) is given none.
 */
import { type Finding, finding } from '../../model/finding.ts';
import { defaultIstioSettings, type ProxyScope } from '../../model/istio-settings.ts';
import type { InboundPort, MeshPort, MeshService, MeshSettings } from '../../model/mesh-service.ts';
import type { RedisPort } from '../../model/redis.ts';
import type { RouteTable, RuleOrigin } from '../../model/route.ts';
import { enumValue, type envoy } from '../../xds-api/messages.ts';
import { metaKindFor } from '../metaprotocol/dialect.ts';
import { inboundProxy, outboundProxy } from '../metaprotocol/proxy-filters.ts';
import { inboundClusterName, outboundClusterName } from '../names/resource-names.ts';
import { unavailableCodec, unenforcedLimits, unenforcedRoutes } from '../unenforced-rules.ts';
import { type ConfigPatch, everyProxy, type NetworkFilter, type PortFilters } from './envoy-filters.ts';
import { anyDubboCall, anyThriftCall, dubboProxy, kafkaBroker, thriftProxy, zookeeperProxy } from './native-filters.ts';
import { dubboRoutes, thriftRoutes } from './native-routes.ts';
import { networkFilter } from './packed-filters.ts';
import { redisClusterPatches, unmetRedisUpstream } from './redis-clusters.ts';
import { inboundRedisProxy, outboundRedisProxy, redisScope, secretFindings } from './redis-filters.ts';

export interface PortReading {
  /** Absent where the port is left as Istio has it. */
  readonly filters?: PortFilters;
  /** What is changed beside it in the cluster of the port, for the same proxies. */
  readonly clusters?: readonly ConfigPatch[];
  readonly findings: readonly Finding[];
}

/** What is written for a port beside its service. */
export interface PortRules {
  /** Of calls, where the port speaks Dubbo or Thrift natively. */
  readonly routes?: RouteTable;
  readonly redis?: RedisPort;
  /** What it serves by Dubbo; absent for any interface. */
  readonly dubboInterface?: string;
}

/** The cluster by which deployed MetaProtocol proxies ask for routes: their bootstrap has it under this name. */
const AERAKI_XDS = 'aeraki-xds';
const GRPC = enumValue('envoy.config.core.v3.ApiConfigSource.ApiType', 'GRPC');
const V3 = enumValue('envoy.config.core.v3.ApiVersion', 'V3');
const aerakiSource: envoy.config.core.v3.ConfigSource = {
  apiConfigSource: {
    apiType: GRPC,
    transportApiVersion: V3,
    grpcServices: [{ envoyGrpc: { clusterName: AERAKI_XDS } }],
  },
  resourceApiVersion: V3,
};

const untouched: PortReading = { findings: [] };

/** Before callers of a service; at a gateway too. */
export function outboundFilters(
  meshService: MeshService,
  meshPort: MeshPort,
  rules: PortRules,
  settings: MeshSettings,
): PortReading {
  const { port } = meshPort;
  const { host, provenance } = meshService.service;
  if (port.protocol.kind === 'metaprotocol') return outboundMetaProtocol(meshService, meshPort, settings);
  if (port.protocol.kind === 'plain') return untouched;
  const cluster = outboundClusterName(host, port.number);
  const { kafkaProxies } = settings.istio ?? defaultIstioSettings;
  switch (port.protocol.protocol) {
    case 'dubbo': {
      const message = `Port ${port.number} of ${host} is read by Envoy's dubbo_proxy, which ends its whole process when a provider closes a connection that owes a reply.`;
      const { routes, findings } = dubboRoutes(host, port.number, rules.routes);
      const path = `ports[${port.number}]`;
      return {
        ...replacing(dubboProxy(cluster, rules.dubboInterface ?? '*', routes)),
        findings: [...findings, finding('ISTH0715', { object: provenance.object, path, message })],
      };
    }
    case 'thrift': {
      const { routes, findings } = thriftRoutes(host, port.number, rules.routes);
      return { ...replacing(thriftProxy(cluster, routes)), findings };
    }
    case 'redis':
      return outboundRedis(meshService, port.number, rules.redis);
    case 'kafka':
      return sniffing(kafkaBroker(cluster), kafkaProxies);
    case 'zookeeper':
      return sniffing(zookeeperProxy(cluster), everyProxy);
    // Istio has filters of its own for them.
    case 'mongo':
    case 'mysql':
      return untouched;
  }
}

/** A port before a workload, at each port number that it stands at there. */
export type ServedPort = Pick<
  InboundPort,
  'host' | 'namespace' | 'declaredBy' | 'port' | 'codec' | 'localRateLimit' | 'globalRateLimit' | 'origin' | 'guard'
>;

export function inboundFilters(
  served: ServedPort,
  targetPort: number,
  { redis }: PortRules,
  settings: MeshSettings,
): PortReading {
  const { port, codec } = served;
  const cluster = inboundClusterName(targetPort);
  const { kafkaProxies } = settings.istio ?? defaultIstioSettings;
  if (port.protocol.kind === 'plain') return untouched;
  if (port.protocol.kind === 'metaprotocol') {
    const isRead = metaKindFor('envoy-meta', codec) !== undefined;
    const findings = unenforcedLimits(served, 'istio-sidecar', isRead);
    if (!isRead || codec === undefined) return { findings };
    const make = () => networkFilter(inboundProxy({ ...served, targetPort }, codec, settings, 'envoy-meta'));
    return { ...forMetaProtocol(make, settings), findings };
  }
  switch (port.protocol.protocol) {
    case 'dubbo':
      return replacing(dubboProxy(cluster, '*', [anyDubboCall({ cluster })]));
    case 'thrift':
      return replacing(thriftProxy(cluster, [anyThriftCall({ cluster })]));
    case 'redis':
      // Callers that show credentials would be answered by the filter, which knows of none.
      return redis?.upstream?.auth === undefined ? replacing(inboundRedisProxy(targetPort)) : untouched;
    case 'kafka':
      return sniffing(kafkaBroker(cluster), kafkaProxies);
    case 'zookeeper':
      return sniffing(zookeeperProxy(cluster), everyProxy);
    // Istio has filters of its own for them.
    case 'mongo':
    case 'mysql':
      return untouched;
  }
}

function outboundRedis({ service, policy }: MeshService, port: number, rules: PortRules['redis']): PortReading {
  const { host, headless, resolution } = service;
  const { downstream, upstream } = rules ?? {};
  const written = [downstream, upstream].filter((rule) => rule?.auth?.kind === 'written');
  if (written.length > 0)
    return { findings: written.flatMap((rule) => (rule === undefined ? [] : openly(rule.origin, host))) };
  const scope = redisScope({ ...rules });
  const { loadBalancing } = policy.portPolicies[port] ?? policy.policy;
  const isDialled = headless || resolution === 'none' || loadBalancing.kind === 'passthrough';
  const filter = outboundRedisProxy(host, port, downstream);
  return {
    filters: { filters: [{ filter, operation: 'REPLACE' }], scope },
    clusters: redisClusterPatches({ host, port, isDialled }, upstream, scope),
    findings: [
      ...(downstream === undefined ? [] : secretFindings(host, downstream, 'spec.settings.auth')),
      ...(upstream === undefined ? [] : secretFindings(host, upstream, upstreamAuth)),
      ...(upstream === undefined ? [] : unmetRedisUpstream(upstream)),
    ],
  };
}

const upstreamAuth = 'spec.trafficPolicy.connectionPool.redis.auth';

function openly(origin: RuleOrigin, host: string): readonly Finding[] {
  const message = `A password is written out, which stands in no object of ours: the port of ${host} is plain TCP.`;
  const remedy =
    'Put it into a Secret, name that in auth.secret, and mount it for the proxies: see docs/istio-companion.md.';
  return [finding('ISTH0714', { ...origin, message, remedy })];
}

function outboundMetaProtocol(meshService: MeshService, meshPort: MeshPort, settings: MeshSettings): PortReading {
  const { host } = meshService.service;
  const { port, codec, routes } = meshPort;
  if (codec === undefined || metaKindFor('envoy-meta', codec) === undefined) {
    const unread = routes === undefined ? [] : unenforcedRoutes(meshService, routes, 'envoy-meta');
    return { findings: [...unavailableCodec(meshService, meshPort, 'envoy-meta'), ...unread] };
  }
  const called = { host, port: port.number, codec, configSource: aerakiSource };
  return forMetaProtocol(() => networkFilter(outboundProxy(called, settings, 'envoy-meta')), settings);
}

/** Made when it is asked for: a service without an address that Istio knows is told no filter, and has many like it. */
function forMetaProtocol(make: () => NetworkFilter, { istio = defaultIstioSettings }: MeshSettings): PortReading {
  let made: PortFilters['filters'] | undefined;
  const filters: PortFilters = {
    get filters() {
      made ??= [{ filter: make(), operation: 'REPLACE' }];
      return made;
    },
    scope: istio.metaProtocolProxies,
  };
  return { filters, findings: [] };
}

/** By filters that every proxy of Istio has. */
function replacing(filter: NetworkFilter): PortReading {
  return { filters: { filters: [{ filter, operation: 'REPLACE' }], scope: everyProxy }, findings: [] };
}

/** By a filter that counts what passes, and leaves it to the TCP proxy. */
function sniffing(filter: NetworkFilter, scope: ProxyScope): PortReading {
  return { filters: { filters: [{ filter, operation: 'INSERT_BEFORE' }], scope }, findings: [] };
}
