/** The MetaProtocolProxy network filter, before callers (routes by RDS) and before a workload (one inline route). */
import type { InboundPort, MeshSettings, PortCodec } from '../../model/mesh-service.ts';
import { type aeraki, type envoy, pack } from '../../xds-api/messages.ts';
import { accessLogs } from '../envoy/access-logs.ts';
import { requestAccess } from '../envoy/request-access.ts';
import { adsSource, duration } from '../envoy/values.ts';
import { inboundClusterName, metaRouteName, outboundClusterName } from '../names/resource-names.ts';
import { codecFields } from './codecs.ts';
import type { MetaKind } from './dialect.ts';
import { globalRateLimitFilter, localRateLimitFilter } from './rate-limits.ts';

type MetaProtocolProxy = aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy;
type MetaFilter = aeraki.meta_protocol_proxy.v1alpha.MetaProtocolFilter;
type Filter = envoy.config.listener.v3.Filter;

const METADATA_EXCHANGE: MetaFilter = { name: 'aeraki.meta_protocol.filters.metadata_exchange' };
const ROUTER: MetaFilter = { name: 'aeraki.meta_protocol.filters.router' };

export interface CalledPort {
  readonly host: string;
  readonly port: number;
  readonly codec: PortCodec;
  /** Where its routes are asked for; where the proxy has its other configuration from, if absent. */
  readonly configSource?: envoy.config.core.v3.ConfigSource;
}

export function outboundProxy(
  { host, port, codec, configSource = adsSource }: CalledPort,
  settings: MeshSettings,
  kind: MetaKind,
): Filter {
  return proxyFilter({
    statPrefix: outboundClusterName(host, port),
    rds: { configSource, routeConfigName: metaRouteName(host, port) },
    ...codecFields(codec, kind),
    metaProtocolFilters: [...telemetryFilters(host, kind), ROUTER],
    ...connectionFields(settings, kind),
  });
}

type ServedPort = Pick<InboundPort, 'host' | 'targetPort' | 'localRateLimit' | 'globalRateLimit' | 'guard'>;

export function inboundProxy(inbound: ServedPort, codec: PortCodec, settings: MeshSettings, kind: MetaKind): Filter {
  const name = inboundClusterName(inbound.targetPort);
  const { host, localRateLimit, globalRateLimit } = inbound;
  return proxyFilter({
    statPrefix: name,
    routeConfig: { name, routes: [{ route: { cluster: name } }] },
    ...codecFields(codec, kind),
    metaProtocolFilters: [
      ...(kind === 'metaproxy' ? accessFilters(inbound) : []),
      ...(localRateLimit === undefined ? [] : [localRateLimitFilter(localRateLimit, host, kind)]),
      ...(globalRateLimit === undefined || kind === 'metaproxy' ? [] : [globalRateLimitFilter(globalRateLimit, kind)]),
      ...telemetryFilters(host, kind),
      ROUTER,
    ],
    ...connectionFields(settings, kind),
  });
}

/** Envoy's own message, with the properties of requests where headers would be. */
function accessFilters({ guard }: ServedPort): readonly MetaFilter[] {
  return requestAccess(guard?.policies ?? [], 'requests').map((rules) => ({
    name: 'isthmus.meta_protocol.filters.rbac',
    config: pack('envoy.extensions.filters.http.rbac.v3.RBAC', { rules }),
  }));
}

function proxyFilter(config: MetaProtocolProxy): Filter {
  return {
    name: 'envoy.filters.network.meta_protocol_proxy',
    typedConfig: pack('aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy', config),
  };
}

function telemetryFilters(host: string, kind: MetaKind): readonly MetaFilter[] {
  if (kind === 'metaproxy') return [];
  const config = pack('aeraki.meta_protocol_proxy.filters.istio_stats.v1alpha.IstioStats', {
    destinationService: host,
  });
  return [METADATA_EXCHANGE, { name: 'aeraki.meta_protocol.filters.istio_stats', config }];
}

function connectionFields(
  settings: MeshSettings,
  kind: MetaKind,
): Pick<MetaProtocolProxy, 'accessLog' | 'idleTimeout' | 'tracing'> {
  const accessLog = accessLogs(settings);
  const percent = kind === 'envoy-meta' ? settings.istio?.tracedPercent : undefined;
  return {
    ...(percent === undefined ? {} : { tracing: tracing(percent) }),
    ...(accessLog.length === 0 ? {} : { accessLog }),
    ...(settings.idleTimeoutMs === 0 ? {} : { idleTimeout: duration(settings.idleTimeoutMs) }),
  };
}

/** Whoever asks for a trace gets one; of the rest, so many percent. */
function tracing(percent: number): NonNullable<MetaProtocolProxy['tracing']> {
  return {
    clientSampling: { value: 100 },
    randomSampling: percent === 0 ? {} : { value: percent },
    overallSampling: { value: 100 },
  };
}
