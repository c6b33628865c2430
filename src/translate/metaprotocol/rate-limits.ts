/** Rate limits of a MetaRouter -> the filters before a workload, in the reference's order: local, then global. */
import type { GlobalRateLimit, LocalRateLimit, RequestMatch, TokenBucket } from '../../model/route.ts';
import { type aeraki, type envoy, pack } from '../../xds-api/messages.ts';
import { duration, wrapped } from '../envoy/values.ts';
import type { MetaKind } from './dialect.ts';
import { headerMatchers } from './matchers.ts';

type MetaFilter = aeraki.meta_protocol_proxy.v1alpha.MetaProtocolFilter;
type RouteMatch = aeraki.meta_protocol_proxy.config.route.v1alpha.RouteMatch;

/** Proxies of both kinds refuse the whole listener when a bucket is filled more often. */
const SHORTEST_FILL_MS = 50;

export function localRateLimitFilter(limit: LocalRateLimit, host: string, kind: MetaKind): MetaFilter {
  const conditions = limit.conditions.map(({ match, bucket }) => ({
    match: routeMatch(match, kind),
    tokenBucket: tokenBucket(bucket),
  }));
  return {
    name: 'aeraki.meta_protocol.filters.local_ratelimit',
    config: pack('aeraki.meta_protocol_proxy.filters.local_ratelimit.v1alpha.LocalRateLimit', {
      statPrefix: host,
      ...(limit.bucket === undefined ? {} : { tokenBucket: tokenBucket(limit.bucket) }),
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

function tokenBucket(bucket: TokenBucket): envoy.type.v3.TokenBucket {
  const { maxTokens } = bucket;
  const { tokensPerFill, fillIntervalMs } = fillsTooOften(bucket) ? slowed(bucket) : bucket;
  return {
    ...(maxTokens === 0 ? {} : { maxTokens }),
    tokensPerFill: wrapped(tokensPerFill),
    fillInterval: duration(fillIntervalMs),
  };
}

/** As many tokens over time, as far as the bucket holds them. */
function slowed({ maxTokens, tokensPerFill, fillIntervalMs }: TokenBucket): TokenBucket {
  const fills = SHORTEST_FILL_MS / Math.max(1, fillIntervalMs);
  const tokens = Math.min(maxTokens, Math.round(tokensPerFill * fills));
  return { maxTokens, tokensPerFill: tokens, fillIntervalMs: SHORTEST_FILL_MS };
}

function routeMatch(match: RequestMatch, kind: MetaKind): RouteMatch {
  return match.length === 0 ? {} : { metadata: headerMatchers(match, kind) };
}
