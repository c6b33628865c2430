/** What proxies counted of requests, over a while. Nothing of it says anything of a single request. */
import type { ProxyNode } from './proxy.ts';

export interface Traffic {
  readonly successes: number;
  readonly failures: number;
  /** Ascending by `upTo`; how long the requests took, as far as that was measured. */
  readonly latencies: readonly LatencyBucket[];
}

export interface LatencyBucket {
  /** Milliseconds; Infinity for what took longer than anything that is told apart. */
  readonly upTo: number;
  /** That took no longer than this, and longer than the bound before. */
  readonly count: number;
}

/** What one proxy counted since it last said so, by the name of its cluster. */
export interface TrafficReport {
  readonly proxy: ProxyNode;
  readonly clusters: ReadonlyMap<string, Traffic>;
}

export const noTraffic: Traffic = { successes: 0, failures: 0, latencies: [] };

export function sumOfTraffic(parts: Iterable<Traffic>): Traffic {
  let successes = 0;
  let failures = 0;
  const counts = new Map<number, number>();
  for (const part of parts) {
    successes += part.successes;
    failures += part.failures;
    for (const { upTo, count } of part.latencies) counts.set(upTo, (counts.get(upTo) ?? 0) + count);
  }
  const latencies = [...counts].sort(([a], [b]) => a - b).map(([upTo, count]) => ({ upTo, count }));
  return { successes, failures, latencies };
}

/**
 * So many milliseconds were enough for `quantile` (0 to 1) of the requests: interpolated within the bucket, and the highest
 * bound that is known for what lies beyond all. Undefined where nothing was measured.
 */
export function latencyAt(quantile: number, { latencies }: Traffic): number | undefined {
  const total = latencies.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = quantile * total;
  let below = 0;
  let from = 0;
  for (const { upTo, count } of latencies) {
    if (count > 0 && below + count >= rank) {
      return upTo === Number.POSITIVE_INFINITY ? from : from + (upTo - from) * ((rank - below) / count);
    }
    below += count;
    if (upTo !== Number.POSITIVE_INFINITY) from = upTo;
  }
  return from;
}
