/** Matches and rate limits of MetaRouters in the model's terms. */
import type { GlobalRateLimit, LocalRateLimit, RequestMatch, StringMatch } from '../../model/route.ts';
import type { GlobalRateLimitSpec, LocalRateLimitSpec, MatchSpec, StringMatchSpec } from '../../resources/kinds.ts';
import { compareText } from '../resource-order.ts';

export function requestMatch(spec: MatchSpec | undefined): RequestMatch {
  return Object.entries(spec?.attributes ?? {})
    .map(([property, match]) => ({ property, match: stringMatch(match) }))
    .sort((a, b) => compareText(a.property, b.property));
}

/** Null, `{}` and the regular expression `*`, which is none, ask only that the property is there: Aeraki's rule. */
export function stringMatch(spec: StringMatchSpec | null): StringMatch {
  if (spec?.exact !== undefined) return { kind: 'exact', value: spec.exact };
  if (spec?.prefix !== undefined) return { kind: 'prefix', value: spec.prefix };
  if (spec?.regex !== undefined && spec.regex !== '*' && spec.regex !== '') return { kind: 'regex', value: spec.regex };
  return { kind: 'present' };
}

export function localRateLimit(spec: LocalRateLimitSpec): LocalRateLimit {
  const conditions = (spec.conditions ?? []).map((condition) => ({
    match: requestMatch(condition.match),
    bucket: tokenBucket(condition.tokenBucket),
  }));
  return spec.tokenBucket === undefined ? { conditions } : { bucket: tokenBucket(spec.tokenBucket), conditions };
}

function tokenBucket(spec: NonNullable<LocalRateLimitSpec['tokenBucket']>) {
  return { maxTokens: spec.maxTokens, tokensPerFill: spec.tokensPerFill, fillIntervalMs: spec.fillInterval };
}

export function globalRateLimit(spec: GlobalRateLimitSpec): GlobalRateLimit {
  return {
    match: requestMatch(spec.match),
    domain: spec.domain,
    timeoutMs: spec.requestTimeout,
    denyOnFail: spec.denyOnFail,
    cluster: spec.rateLimitService,
    descriptors: spec.descriptors,
  };
}
