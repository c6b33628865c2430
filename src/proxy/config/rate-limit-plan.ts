/** LocalRateLimit -> buckets and the conditions under which each is used. */
import { type Any, decode, type Message } from '../../xds-api/messages.ts';
import { unwrapAny } from '../../xds-api/proto-json.ts';
import { milliseconds } from './durations.ts';
import type { PropertyMatcher } from './property-matcher.ts';
import { Rejection, within } from './rejection.ts';
import { planMatchers } from './route-plan.ts';

export interface BucketPlan {
  readonly maxTokens: number;
  readonly tokensPerFill: number;
  readonly fillIntervalMs: number;
}

export interface RateLimitPlan {
  readonly statPrefix: string;
  /** The first condition that holds decides; its bucket alone is asked. */
  readonly conditions: readonly { readonly matchers: readonly PropertyMatcher[]; readonly bucket: BucketPlan }[];
  /** For requests under no condition; absent: unlimited. */
  readonly bucket?: BucketPlan;
}

type TokenBucket = Message<'envoy.type.v3.TokenBucket'>;
const MIN_FILL_INTERVAL_MS = 50;

/** Throws Rejection. */
export function planRateLimit(config: Any | null | undefined): RateLimitPlan {
  if (config == null) throw new Rejection('a local rate limit needs a config');
  const name = 'aeraki.meta_protocol_proxy.filters.local_ratelimit.v1alpha.LocalRateLimit';
  const message = decode(name, unwrapAny(config).value ?? new Uint8Array());
  return {
    statPrefix: message.statPrefix ?? '',
    conditions: (message.conditions ?? []).map(({ match, tokenBucket }, index) =>
      within(`conditions[${index}]`, () => ({ matchers: planMatchers(match), bucket: planBucket(tokenBucket) })),
    ),
    ...(message.tokenBucket == null ? {} : { bucket: planBucket(message.tokenBucket) }),
  };
}

function planBucket(bucket: TokenBucket | null | undefined): BucketPlan {
  if (bucket == null) throw new Rejection('a token bucket is needed');
  const fillIntervalMs = milliseconds(bucket.fillInterval) ?? 0;
  if (fillIntervalMs < MIN_FILL_INTERVAL_MS)
    throw new Rejection(`a token bucket's fill interval is at least ${MIN_FILL_INTERVAL_MS} ms, not ${fillIntervalMs}`);
  if (!bucket.maxTokens) throw new Rejection('a token bucket needs max_tokens above 0');
  return { maxTokens: bucket.maxTokens, tokensPerFill: bucket.tokensPerFill?.value ?? 1, fillIntervalMs };
}
