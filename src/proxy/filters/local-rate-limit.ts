/** Local rate limits bound to a codec: the first condition that holds names the bucket, else the default one. */
import type { Codec, Frame } from '../../../codecs/codec.ts';
import type { RateLimitPlan } from '../config/rate-limit-plan.ts';
import { type BoundMatcher, bindMatchers, matchesAll } from '../routing/bound-matcher.ts';
import { PropertyView } from '../routing/property-view.ts';
import type { BucketStore, TokenBucket } from './token-buckets.ts';

interface BoundLimit {
  readonly conditions: readonly { readonly matchers: readonly BoundMatcher[]; readonly bucket: TokenBucket }[];
  readonly bucket: TokenBucket | undefined;
}

export class LocalRateLimits {
  readonly #view: PropertyView;
  readonly #limits: readonly BoundLimit[];

  /** `scope` names the listener: buckets of one scope and the same settings keep their tokens over updates. */
  constructor(plans: readonly RateLimitPlan[], codec: Codec, buckets: BucketStore, scope: string) {
    this.#view = new PropertyView(codec);
    this.#limits = plans.map((plan, index) => {
      const name = `${scope}/${index}/${plan.statPrefix}`;
      return {
        conditions: plan.conditions.map(({ matchers, bucket }, condition) => ({
          matchers: bindMatchers(matchers, this.#view),
          bucket: buckets.bucket(`${name}/${condition}`, bucket),
        })),
        bucket: plan.bucket === undefined ? undefined : buckets.bucket(name, plan.bucket),
      };
    });
  }

  /** Takes a token from each limit's bucket; false when one has none. */
  admit(bytes: Buffer, start: number, frame: Frame): boolean {
    this.#view.open(bytes, start, frame);
    for (const limit of this.#limits) {
      const bucket = this.#bucket(limit);
      if (bucket !== undefined && !bucket.take()) return false;
    }
    return true;
  }

  #bucket(limit: BoundLimit): TokenBucket | undefined {
    for (const { matchers, bucket } of limit.conditions) if (matchesAll(matchers, this.#view)) return bucket;
    return limit.bucket;
  }
}
