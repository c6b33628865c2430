/**
 * How Envoy's Redis filter connects to servers: what is changed in the cluster that Istio makes for the port. Keys have to
 * come to the server that holds them, so that it picks one by a hash. Istio's cluster is kept, with its certificates and
 * endpoints; only a Redis cluster, which tells its nodes itself, takes its place.
 */
import { type Finding, finding } from '../../model/finding.ts';
import type { ProxyScope } from '../../model/istio-settings.ts';
import type { RedisUpstream } from '../../model/redis.ts';
import { outboundClusterName } from '../names/resource-names.ts';
import type { ConfigPatch, FilterConfig } from './envoy-filters.ts';
import { authFields, seconds } from './redis-filters.ts';

const REDIS = 'envoy.filters.network.redis_proxy';
const OPTIONS = 'type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProtocolOptions';
const CLUSTER = 'type.googleapis.com/envoy.extensions.clusters.redis.v3.RedisClusterConfig';
const usualConnectTimeout = '10s';

interface RedisClusterPlace {
  readonly host: string;
  readonly port: number;
  /** Callers get the endpoint that they dial: nobody picks one for them. */
  readonly isDialled: boolean;
}

export function redisClusterPatches(
  { host, port, isDialled }: RedisClusterPlace,
  upstream: RedisUpstream | undefined,
  scope: ProxyScope,
): readonly ConfigPatch[] {
  const name = outboundClusterName(host, port);
  const proxy = scope.kind === 'metadata' ? { proxy: { metadata: scope.metadata } } : {};
  const context = { context: 'SIDECAR_OUTBOUND', ...proxy } as const;
  const patch = (operation: 'MERGE' | 'REMOVE', value?: FilterConfig): ConfigPatch => ({
    applyTo: 'CLUSTER',
    match: { ...context, cluster: { name } },
    patch: { operation, ...(value === undefined ? {} : { value }) },
  });
  if (upstream?.mode === 'CLUSTER') {
    const value = redisCluster(name, upstream);
    return [patch('REMOVE'), { applyTo: 'CLUSTER', match: context, patch: { operation: 'ADD', value } }];
  }
  const changes = { ...(isDialled ? {} : { lbPolicy: 'MAGLEV' }), ...connectionFields(upstream) };
  return Object.keys(changes).length === 0 ? [] : [patch('MERGE', changes)];
}

/** What a patch of Istio's cluster cannot say. */
export function unmetRedisUpstream({ mode, maxConnections, origin }: RedisUpstream): readonly Finding[] {
  if (maxConnections === undefined || mode === 'CLUSTER') return [];
  const path = 'spec.trafficPolicy.connectionPool.tcp.maxConnections';
  const message = "Istio's own bound of the cluster comes first.";
  const remedy = 'Write maxConnections in a DestinationRule for the host.';
  return [finding('ISTH0701', { ...origin, path, message, remedy })];
}

function redisCluster(name: string, upstream: RedisUpstream): FilterConfig {
  const { discoveryEndpoints, maxConnections } = upstream;
  const lbEndpoints = discoveryEndpoints.map(({ host, port }) => ({
    endpoint: { address: { socketAddress: { address: host, portValue: port } } },
  }));
  return {
    name,
    connectTimeout: usualConnectTimeout,
    clusterType: { name: 'envoy.clusters.redis', typedConfig: { '@type': CLUSTER } },
    lbPolicy: 'CLUSTER_PROVIDED',
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints }] },
    ...(maxConnections === undefined ? {} : { circuitBreakers: { thresholds: [{ maxConnections }] } }),
    ...connectionFields(upstream),
  };
}

function connectionFields(upstream: RedisUpstream | undefined): FilterConfig {
  if (upstream === undefined) return {};
  const { auth, connectTimeoutMs, keepalive } = upstream;
  const tcpKeepalive = {
    ...(keepalive?.probes === undefined ? {} : { keepaliveProbes: keepalive.probes }),
    ...(keepalive?.time === undefined ? {} : { keepaliveTime: keepalive.time }),
    ...(keepalive?.interval === undefined ? {} : { keepaliveInterval: keepalive.interval }),
  };
  const options = auth?.kind === 'secret' ? authFields(auth, 'authPassword', 'authUsername') : undefined;
  return {
    ...(connectTimeoutMs === undefined ? {} : { connectTimeout: seconds(connectTimeoutMs) }),
    ...(keepalive === undefined ? {} : { upstreamConnectionOptions: { tcpKeepalive } }),
    ...(options === undefined ? {} : { typedExtensionProtocolOptions: { [REDIS]: { '@type': OPTIONS, ...options } } }),
  };
}
