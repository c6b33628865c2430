/** Rate limits of a MetaRouter -> the filters before a workload, in the reference's order: local, then global. */
import type { GlobalRateLimit, LocalRateLimit, RequestMatch, TokenBucket } from '../../model/route.ts';
import { type aeraki, type envoy, pack } from '../../xds-api/messages.ts';
import { duration, wrapped } from '../envoy/values.ts';
import type { MetaKind } from './dialect.ts';
import { headerMatchers } from './matchers.ts';

type MetaFilter = aeraki.meta_protocol_proxy.v1alpha.MetaProtocolFilter;
type RouteMatch = aeraki.meta_protocol_proxy.config.route.v1alpha.RouteMatch;

/** The deployed filter refuses its listener when a bucket is filled more often. */
const SHORTEST_FILL_MS = 50;

export function localRateLimitFilter(limit: LocalRateLimit, host: string, kind: MetaKind): MetaFilter {
  const conditions = limit.conditions.map(({ match, bucket }) => ({
    match: routeMatch(match, kind),
    tokenBucket: tokenBucket(bucket, kind),
  }));
  return {
    name: 'aeraki.meta_protocol.filters.local_ratelimit',
    config: pack('aeraki.meta_protocol_proxy.filters.local_ratelimit.v1alpha.LocalRateLimit', {
      statPrefix: host,
      ...(limit.bucket === undefined ? {} : { tokenBucket: tokenBucket(limit.bucket, kind) }),
      ...(conditions.length === 0 ? {} : { conditions }),
    }),
  };
}

export function globalRateLimitFilter(limit: GlobalRateLimit, kind: MetaKind): MetaFilter {
  return {
    name: 'aeraki.meta_protocol.filters.ratelimit',
    config: pack('aeraki.meta_protocol_proxy.filters.ratelimit.v1alpha.RateLimit', {
      ...(limit.match.length === 0 ? {} : { match: routeMatch(limit.match, kind) }),
      domain: limit.domain,
      timeout: duration(limit.timeoutMs),
      ...(limit.denyOnFail ? { failureModeDeny: true } : {}),
      rateLimitService: { grpcService: { envoyGrpc: { clusterName: limit.cluster } } },
      descriptors: [...limit.descriptors],
    }),
  };
}

/** Whether a bucket has to be filled less often than it says, with as many tokens over time. */
export function fillsTooOften({ fillIntervalMs }: TokenBucket): boolean {
  return fillIntervalMs < SHORTEST_FILL_MS;
}

function tokenBucket(bucket: TokenBucket, kind: MetaKind): envoy.type.v3.TokenBucket {
  const slowed = kind === 'envoy-meta' && fillsTooOften(bucket);
  const interval = slowed ? SHORTEST_FILL_MS : bucket.fillIntervalMs;
  const fills = Math.max(1, Math.round((bucket.tokensPerFill * interval) / Math.max(1, bucket.fillIntervalMs)));
  const tokens = slowed ? Math.min(fills, bucket.maxTokens) : bucket.tokensPerFill;
  return {
    ...(bucket.maxTokens === 0 ? {} : { maxTokens: bucket.maxTokens }),
    tokensPerFill: wrapped(tokens),
    fillInterval: duration(interval),
  };
}

function routeMatch(match: RequestMatch, kind: MetaKind): RouteMatch {
  return match.length === 0 ? {} : { metadata: headerMatchers(match, kind) };
}
