/**
 * Token buckets in memory that all workers share, so that a limit holds for the proxy as a whole. A bucket is found by
 * its name's hash; its cells are taken by compare-and-exchange, and no worker waits for another.
 *
 *   cells of a bucket:  name hash | settings hash | last fill (number of intervals of the clock) | tokens
 */
import { hashText, mix } from '../balancing/hash.ts';
import type { BucketPlan } from '../config/rate-limit-plan.ts';

const CELLS = 4;
/** Cells hold signed numbers. A limit beyond this is none that anybody could meet. */
const MOST_TOKENS = 0x7fff_ffff;
const [NAME, SETTINGS, FILL, TOKENS] = [0, 1, 2, 3] as const;

export interface TokenBucket {
  /** False when there is no token. */
  take(): boolean;
}

export class BucketStore {
  readonly #cells: Int32Array;
  readonly #now: () => number;

  /** `memory` is shared between workers; `now` gives monotonic milliseconds of one clock for all of them. */
  constructor(memory: SharedArrayBuffer, now: () => number) {
    this.#cells = new Int32Array(memory);
    this.#now = now;
  }

  static memory(buckets = 4096): SharedArrayBuffer {
    return new SharedArrayBuffer(buckets * CELLS * Int32Array.BYTES_PER_ELEMENT);
  }

  /** The bucket of that name. It is filled anew when its settings differ from those it was last asked for with. */
  bucket(name: string, plan: BucketPlan): TokenBucket {
    const at = this.#find(name);
    const settings = nonZero(hashText(`${plan.maxTokens}/${plan.tokensPerFill}/${plan.fillIntervalMs}`));
    if (Atomics.exchange(this.#cells, at + SETTINGS, settings) !== settings) {
      Atomics.store(this.#cells, at + FILL, this.#interval(plan));
      Atomics.store(this.#cells, at + TOKENS, Math.min(plan.maxTokens, MOST_TOKENS));
    }
    return { take: () => this.#take(at, plan) };
  }

  #take(at: number, plan: BucketPlan): boolean {
    const cells = this.#cells;
    const interval = this.#interval(plan);
    const last = Atomics.load(cells, at + FILL);
    const passed = (interval - last) | 0;
    if (passed > 0 && Atomics.compareExchange(cells, at + FILL, last, interval) === last) {
      const missing = Math.min(plan.maxTokens, MOST_TOKENS) - Math.max(0, Atomics.load(cells, at + TOKENS));
      Atomics.add(cells, at + TOKENS, Math.min(missing, passed * plan.tokensPerFill));
    }
    if (Atomics.sub(cells, at + TOKENS, 1) > 0) return true;
    Atomics.add(cells, at + TOKENS, 1);
    return false;
  }

  #interval(plan: BucketPlan): number {
    return Math.floor(this.#now() / plan.fillIntervalMs) | 0;
  }

  #find(name: string): number {
    const hash = nonZero(mix(hashText(name)));
    const buckets = this.#cells.length / CELLS;
    for (let probe = 0; probe < buckets; probe++) {
      const at = (((hash >>> 0) + probe) % buckets) * CELLS;
      const owner = Atomics.compareExchange(this.#cells, at + NAME, 0, hash);
      if (owner === 0 || owner === hash) return at;
    }
    // More buckets than memory was made for: the last resort is to share one.
    return ((hash >>> 0) % buckets) * CELLS;
  }
}

function nonZero(hash: number): number {
  return hash | 0 || 1;
}
