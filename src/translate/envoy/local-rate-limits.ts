/**
 * What the proxy beside a workload lets through of connections and requests, counted by itself.
 *
 *   connections: a network filter before all that reads them; the bucket is the listener's own, so ports share none
 *   requests: an HTTP filter without a bucket of its own, and buckets in the routes: a change of theirs is in force on
 *             connections that stand
 */
import type { HttpRate, TokenRate } from '../../model/traffic-limits.ts';
import { enumValue, type envoy, pack } from '../../xds-api/messages.ts';
import { duration } from './values.ts';

type Filter = envoy.config.listener.v3.Filter;
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
type LocalRateLimit = envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
type PerFilterConfig = NonNullable<envoy.config.route.v3.VirtualHost['typedPerFilterConfig']>;
type Route = envoy.config.route.v3.Route;

const LOCAL = 'envoy.filters.http.local_ratelimit';
const LOCAL_CONFIG = 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
const ALWAYS = {
  defaultValue: {
    numerator: 100,
    denominator: enumValue('envoy.type.v3.FractionalPercent.DenominatorType', 'HUNDRED'),
  },
};
/** Ten years: as good as never, for a bucket that is not filled again. */
const NEVER_MS = 315_360_000_000;

/** For each port whose requests are read: it lets everything through that no route counts. */
export const localRateLimitFilter: HttpFilter = {
  name: LOCAL,
  typedConfig: pack(LOCAL_CONFIG, { statPrefix: 'http_local_rate_limiter' }),
};

/** A bucket has to be there, and is not asked. */
const UNCOUNTED: PerFilterConfig = {
  [LOCAL]: pack(LOCAL_CONFIG, {
    statPrefix: 'http_local_rate_limiter',
    tokenBucket: { maxTokens: 1, fillInterval: { seconds: 1 } },
  }),
};

/**
 * What a route, or all of a host, tells that filter. For a rate that lets nothing through, see `refusal`, it is not to count:
 * what is refused so takes nothing of what is for others.
 */
export function localRateLimit(rate: HttpRate | undefined): PerFilterConfig {
  if (rate === undefined) return {};
  if (letsNothingThrough(rate)) return UNCOUNTED;
  const { status, headers } = rate;
  const config: LocalRateLimit = {
    statPrefix: 'http_local_rate_limiter',
    status: { code: status },
    tokenBucket: bucket(rate),
    filterEnabled: ALWAYS,
    filterEnforced: ALWAYS,
    ...addedHeaders(headers),
  };
  return { [LOCAL]: pack(LOCAL_CONFIG, config) };
}

/** What a route does in place of its action where the rate is 0, for which no bucket is small enough. */
export function refusal(
  rate: HttpRate | undefined,
): Pick<Route, 'directResponse' | 'responseHeadersToAdd'> | undefined {
  if (rate === undefined || !letsNothingThrough(rate)) return undefined;
  const { status, headers } = rate;
  return {
    directResponse: { status, body: { inlineString: 'The rate limit is 0.\n' } },
    ...addedHeaders(headers),
  };
}

function addedHeaders(headers: HttpRate['headers']): Pick<Route, 'responseHeadersToAdd'> {
  if (headers.length === 0) return {};
  return { responseHeadersToAdd: headers.map(({ name, value }) => ({ header: { key: name, value } })) };
}

/** For each port by itself. A rate of 0 ends the chain: the connection is closed as soon as it is there. */
export function connectionRateLimit(statPrefix: string, rate: TokenRate): readonly Filter[] {
  if (letsNothingThrough(rate)) return [CLOSE];
  return [
    {
      name: 'envoy.filters.network.local_ratelimit',
      typedConfig: pack('envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit', {
        statPrefix,
        tokenBucket: bucket(rate),
      }),
    },
  ];
}

const CLOSE: Filter = {
  name: 'envoy.filters.network.direct_response',
  typedConfig: pack('envoy.extensions.filters.network.direct_response.v3.Config', {}),
};

export function letsNothingThrough({ count, burst }: TokenRate): boolean {
  return count + burst === 0;
}

function bucket({ count, burst, perMs }: TokenRate): envoy.type.v3.TokenBucket {
  return {
    maxTokens: count + burst,
    tokensPerFill: { value: Math.max(1, count) },
    fillInterval: duration(count === 0 ? NEVER_MS : perMs),
  };
}
