/**
 * What proxies reach for themselves, as the mesh's settings say: who authorizes requests, where spans and logs go. None of
 * it is a service of the mesh; each has a cluster that resolves its name.
 */
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { AccessLogSettings, ProxyPeer } from '../../model/proxy-settings.ts';
import { enumValue, type envoy, pack } from '../../xds-api/messages.ts';
import { encodeResource } from '../encoded-resource.ts';
import { comingOf, inScopes, type ScopedResource } from '../scope.ts';
import { dnsCluster } from './egress-clusters.ts';
import { http2Upstream } from './secured-upstreams.ts';
import { duration } from './values.ts';

type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
type Manager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
type AccessLog = envoy.config.accesslog.v3.AccessLog;

const V3 = enumValue('envoy.config.core.v3.ApiVersion', 'V3');
const HTTP_JSON = enumValue('envoy.config.trace.v3.ZipkinConfig.CollectorEndpointVersion', 'HTTP_JSON');

type Use = 'authorization' | 'tracing' | 'logs';

function peerCluster(use: Use, { address, port }: ProxyPeer): string {
  return `${use}|${port}||${address}`;
}

/** Under its own name: that of a cluster is no authority, and servers refuse it. */
function grpcTo(use: Use, peer: ProxyPeer): envoy.config.core.v3.GrpcService.EnvoyGrpc {
  return { clusterName: peerCluster(use, peer), authority: authority(peer) };
}

/** The clusters, for all Envoys. `logs`: of Telemetries, beside that of the settings. */
export function translateProxyPeers(
  { externalAuthorization, tracing, telemetry }: MeshSettings,
  logs: readonly AccessLogSettings[] = [],
): readonly ScopedResource[] {
  const collectors = [telemetry, ...logs].flatMap((log) => log?.collector ?? []);
  const all: readonly (readonly [Use, ProxyPeer & { readonly connectTimeoutMs?: number }])[] = [
    ...(externalAuthorization === undefined ? [] : [['authorization', externalAuthorization] as const]),
    ...(tracing === undefined ? [] : [['tracing', tracing] as const]),
    ...collectors.map((collector) => ['logs', collector] as const),
  ];
  const byName = new Map(all.map((one) => [peerCluster(...one), one]));
  const clusters = [...byName].flatMap(([name, [use, { address, port, connectTimeoutMs }]]) =>
    inScopes(
      ['envoy/*', 'envoy-meta/*'],
      encodeResource('envoy.config.cluster.v3.Cluster', name, {
        ...dnsCluster(name, [address], port),
        ...(connectTimeoutMs === undefined ? {} : { connectTimeout: duration(connectTimeoutMs) }),
        ...(use === 'tracing' ? {} : http2Upstream),
      }),
    ),
  );
  return comingOf({ kind: 'settings' }, clusters);
}

/** Asked before requests come to a workload. */
export function authorizationFilters({ externalAuthorization: peer }: MeshSettings): readonly HttpFilter[] {
  if (peer === undefined) return [];
  const typedConfig = pack('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz', {
    grpcService: {
      envoyGrpc: grpcTo('authorization', peer),
      timeout: duration(peer.timeoutMs),
    },
    transportApiVersion: V3,
    ...(peer.passesOnFailure ? { failureModeAllow: true } : {}),
  });
  return [{ name: 'envoy.filters.http.ext_authz', typedConfig }];
}

/** OTLP by its usual path, else Zipkin's second form. */
export function tracingOf({ tracing: peer }: MeshSettings): Pick<Manager, 'tracing'> {
  if (peer === undefined) return {};
  const cluster = peerCluster('tracing', peer);
  if (peer.path === '/v1/traces') {
    const uri = `http://${authority(peer)}${peer.path}`;
    const typedConfig = pack('envoy.config.trace.v3.OpenTelemetryConfig', {
      httpService: { httpUri: { uri, cluster, timeout: duration(OTLP_TIMEOUT_MS) } },
      serviceName: 'isthmus',
    });
    return { tracing: { provider: { name: 'envoy.tracers.opentelemetry', typedConfig } } };
  }
  const typedConfig = pack('envoy.config.trace.v3.ZipkinConfig', {
    collectorCluster: cluster,
    collectorEndpoint: peer.path,
    collectorEndpointVersion: HTTP_JSON,
    collectorHostname: authority(peer),
    traceId_128bit: true,
  });
  return { tracing: { provider: { name: 'envoy.tracers.zipkin', typedConfig } } };
}

const OTLP_TIMEOUT_MS = 5_000;

function authority({ address, port }: ProxyPeer): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** To a collector of OpenTelemetry; none where the log has none. */
export function collectedLogs({ collector, format }: AccessLogSettings): readonly AccessLog[] {
  if (collector === undefined) return [];
  const attributes = Object.entries(collector.attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const typedConfig = pack('envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig', {
    ...(format === undefined ? {} : { body: { stringValue: format } }),
    ...(attributes.length === 0
      ? {}
      : { attributes: { values: attributes.map(([key, value]) => ({ key, value: { stringValue: value } })) } }),
    grpcService: { envoyGrpc: grpcTo('logs', collector) },
    logName: 'isthmus',
  });
  return [{ name: 'envoy.access_loggers.open_telemetry', typedConfig }];
}
