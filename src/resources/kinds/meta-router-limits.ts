/** A MetaRouter's rate limits: token buckets on the spot, and those that a rate limit service keeps. */
import { checkDuration, millisecondsOf } from '../duration-rules.ts';
import { checkMatch, type MatchCheck, readMatch } from '../match-rules.ts';
import type { Path, Problems } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import type { metaRouterSpec } from '../schemas/meta-router.ts';
import type { GlobalRateLimitSpec, LocalRateLimitSpec, TokenBucketSpec } from '../types/aeraki.ts';

type Content = Infer<typeof metaRouterSpec>;
type LocalContent = NonNullable<Content['localRateLimit']>;
type GlobalContent = NonNullable<Content['globalRateLimit']>;
type BucketContent = NonNullable<LocalContent['tokenBucket']>;

/** Proxies refuse a listener whose buckets fill more often (reference/dataplane.md 2.5). */
const leastFillInterval = { ms: 50, text: '50ms, the least that proxies take' };
const leastTimeout = { ms: 1, text: '1ms' };
const defaultRequestTimeoutMs = 20;

export function checkRateLimits({ localRateLimit, globalRateLimit }: Content, check: MatchCheck): void {
  if (localRateLimit !== undefined) checkLocal(localRateLimit, ['spec', 'localRateLimit'], check);
  if (globalRateLimit === undefined) return;
  const path = ['spec', 'globalRateLimit'];
  checkMatch(globalRateLimit.match, [...path, 'match'], check);
  checkDuration(globalRateLimit.requestTimeout, [...path, 'requestTimeout'], check.problems, leastTimeout);
}

function checkLocal({ tokenBucket, conditions = [] }: LocalContent, path: Path, check: MatchCheck): void {
  const { problems } = check;
  if (tokenBucket === undefined && conditions.length === 0) {
    problems.add('ISTH0212', path, 'There is neither a tokenBucket nor a condition with one.');
  }
  if (tokenBucket !== undefined) checkBucket(tokenBucket, [...path, 'tokenBucket'], problems);
  conditions.forEach((condition, index) => {
    checkMatch(condition.match, [...path, 'conditions', index, 'match'], check);
    checkBucket(condition.tokenBucket, [...path, 'conditions', index, 'tokenBucket'], problems);
  });
}

function checkBucket(bucket: BucketContent, path: Path, problems: Problems): void {
  checkDuration(bucket.fillInterval, [...path, 'fillInterval'], problems, leastFillInterval);
}

export function readLocalRateLimit({ tokenBucket, conditions }: LocalContent): LocalRateLimitSpec {
  return {
    ...(tokenBucket === undefined ? {} : { tokenBucket: readBucket(tokenBucket) }),
    ...(conditions === undefined
      ? {}
      : {
          conditions: conditions.map((condition) => ({
            match: readMatch(condition.match),
            tokenBucket: readBucket(condition.tokenBucket),
          })),
        }),
  };
}

function readBucket({ maxTokens, tokensPerFill = 1, fillInterval }: BucketContent): TokenBucketSpec {
  return { maxTokens, tokensPerFill, fillInterval: millisecondsOf(fillInterval) };
}

export function readGlobalRateLimit({ match, requestTimeout, ...limit }: GlobalContent): GlobalRateLimitSpec {
  return {
    ...limit,
    ...(match === undefined ? {} : { match: readMatch(match) }),
    requestTimeout: requestTimeout === undefined ? defaultRequestTimeoutMs : millisecondsOf(requestTimeout),
    denyOnFail: limit.denyOnFail ?? false,
  };
}
