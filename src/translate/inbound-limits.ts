/** What is counted before a workload, on each chain of its listener's by itself: connections, then requests. */
import type { InboundPort } from '../model/mesh-service.ts';
import type { InboundLimits } from '../model/traffic-limits.ts';
import type { envoy } from '../xds-api/messages.ts';
import type { EncodedResource } from './encoded-resource.ts';
import { rateLimitCluster } from './envoy/clusters.ts';
import {
  countsAddresses,
  foreignServices,
  globalConnectionLimit,
  globalRateLimitFilter,
  rateLimitClusterName,
} from './envoy/global-rate-limits.ts';
import { connectionRateLimit, letsNothingThrough, localRateLimitFilter } from './envoy/local-rate-limits.ts';
import { inboundClusterName } from './names/resource-names.ts';

type Filter = envoy.config.listener.v3.Filter;
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
type Limited = Pick<InboundPort, 'targetPort' | 'limits'>;

/** The chain of filters behind what is counted; where nothing is to get through, what is counted is all there is. */
export function behindConnectionLimits({ targetPort, limits }: Limited, filters: readonly Filter[]): readonly Filter[] {
  const name = inboundClusterName(targetPort);
  const { localTcp, globalTcp } = limits ?? {};
  if (localTcp !== undefined && letsNothingThrough(localTcp)) return connectionRateLimit(name, localTcp);
  return [
    ...(localTcp === undefined ? [] : connectionRateLimit(name, localTcp)),
    ...(globalTcp === undefined
      ? []
      : [globalConnectionLimit(name, globalTcp, rateLimitClusterName(globalTcp.service, targetPort))]),
    ...filters,
  ];
}

/**
 * What HTTP connections are given for it. The filter of local limits stands wherever requests are looked into, so that a
 * limit which is written later counts on connections that stand.
 */
export function requestLimits({ targetPort, limits }: Limited): {
  readonly filters: readonly HttpFilter[];
  readonly usesAddresses: boolean;
} {
  return {
    filters: [localRateLimitFilter, ...globalFilters(targetPort, limits?.globalHttp)],
    usesAddresses: limits !== undefined && countsAddresses(limits),
  };
}

function globalFilters(targetPort: number, limit: InboundLimits['globalHttp']): readonly HttpFilter[] {
  return limit === undefined ? [] : [globalRateLimitFilter(limit, rateLimitClusterName(limit.service, targetPort))];
}

/** Of services outside of the mesh that are asked. */
export function rateLimitClusters({ targetPort, limits }: Limited): readonly EncodedResource[] {
  if (limits === undefined) return [];
  return [...foreignServices(limits, targetPort)].map(([name, { host, port }]) => rateLimitCluster(name, host, port));
}
