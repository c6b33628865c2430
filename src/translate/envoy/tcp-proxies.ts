/** The tcp_proxy filter: connections, not requests. */
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { WeightedDestination } from '../../model/route.ts';
import { type envoy, pack } from '../../xds-api/messages.ts';
import { accessLogs } from './access-logs.ts';
import { duration } from './values.ts';
import { positiveWeights } from './weighted-clusters.ts';

type Filter = envoy.config.listener.v3.Filter;
type TcpProxy = envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;

export function tcpProxy(statPrefix: string, cluster: string, settings: MeshSettings): Filter {
  return tcpProxyFilter(statPrefix, { cluster }, settings);
}

/** Splits connections by weight. Destinations of weight 0 get none: tcp_proxy takes no such weight. */
export function weightedTcpProxy(
  statPrefix: string,
  destinations: readonly WeightedDestination[],
  settings: MeshSettings,
): Filter {
  const clusters = positiveWeights(destinations);
  const [first] = clusters;
  const target = clusters.length === 1 && first ? { cluster: first.name } : { weightedClusters: { clusters } };
  return tcpProxyFilter(statPrefix, target, settings);
}

function tcpProxyFilter(
  statPrefix: string,
  target: Pick<TcpProxy, 'cluster' | 'weightedClusters'>,
  settings: MeshSettings,
): Filter {
  const accessLog = accessLogs(settings);
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: pack('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
      statPrefix,
      ...target,
      ...(accessLog.length === 0 ? {} : { accessLog }),
      ...(settings.idleTimeoutMs === 0 ? {} : { idleTimeout: duration(settings.idleTimeoutMs) }),
    }),
  };
}
