/**
 * A message of Envoy's metrics service -> what it counted of its clusters' requests. Counters are what was added since the last
 * message, histograms what was measured since (bootstrap: `report_counters_as_deltas`, histograms in buckets).
 *
 *   cluster.<name>.upstream_rq_<1..5>xx, cluster.<name>.upstream_rq_time                    HTTP; 5xx are failures
 *   cluster.<name>.thrift.upstream_resp_*, cluster.<name>.thrift.upstream_rq_time           Thrift; errors and exceptions are
 *
 * Names of clusters hold dots, and so do further counters of the same requests (`<name>.external.upstream_rq_2xx`): those are
 * known by what they repeat.
 */
import { sumOfTraffic, type Traffic } from '../../../model/traffic.ts';
import { decode, type isthmus } from '../../../xds-api/messages.ts';

type Metric = isthmus.metrics.v1.Metric;
type Histogram = isthmus.metrics.v1.Histogram;

/** Of one message; clusters beyond it are not counted. */
const MOST_CLUSTERS = 2000;
const statName =
  /^cluster\.((?:outbound|inbound)\|.{1,600})\.(upstream_rq_[1-5]xx|upstream_rq_time|thrift\.(?:upstream_resp_(?:success|error|exception)|upstream_rq_time))$/;
const repeated = /\.(?:external|internal|canary)$|\.zone\..*$/;
const failures: ReadonlySet<string> = new Set([
  'upstream_rq_5xx',
  'thrift.upstream_resp_error',
  'thrift.upstream_resp_exception',
]);

/** By cluster; without those of which nothing was counted. Throws for what is no such message. */
export function readTraffic(families: readonly Uint8Array[]): ReadonlyMap<string, Traffic> {
  const parts = new Map<string, Traffic[]>();
  for (const family of families) {
    const [, cluster, stat] = statName.exec(nameOf(family)) ?? [];
    if (cluster === undefined || stat === undefined) continue;
    const known = parts.get(cluster);
    if (known === undefined && parts.size >= MOST_CLUSTERS) continue;
    const { metric = [] } = decode('isthmus.metrics.v1.MetricFamily', family);
    const counted = metric.map((one) => trafficOf(stat, one));
    parts.set(cluster, [...(known ?? []), ...counted]);
  }
  const sums = [...parts].map(([cluster, counted]) => [cluster, sumOfTraffic(counted)] as const);
  const clusters = new Map(sums.filter(([, { successes, failures }]) => successes + failures > 0));
  for (const cluster of [...clusters.keys()]) {
    const whole = cluster.replace(repeated, '');
    if (whole !== cluster && clusters.has(whole)) clusters.delete(cluster);
  }
  return clusters;
}

/** Without a look at the rest. Names come first; a family that begins otherwise is none of Envoy's. */
function nameOf(family: Uint8Array): string {
  const length = family[1] ?? 0;
  // Tag of field 1; a length in one byte, or in two.
  if (family[0] !== 0x0a) return '';
  const [at, end] = length < 0x80 ? [2, 2 + length] : [3, 3 + (length & 0x7f) + ((family[2] ?? 0) << 7)];
  return Buffer.from(family.buffer, family.byteOffset, family.byteLength).toString('utf8', at, end);
}

function trafficOf(stat: string, { counter, histogram }: Metric): Traffic {
  if (stat.endsWith('upstream_rq_time')) return { successes: 0, failures: 0, latencies: latenciesOf(histogram) };
  const count = wholeNumber(counter?.value);
  return failures.has(stat)
    ? { successes: 0, failures: count, latencies: [] }
    : { successes: count, failures: 0, latencies: [] };
}

function latenciesOf({ sampleCount, bucket = [] }: Histogram = {}): Traffic['latencies'] {
  let below = 0;
  const buckets = bucket.flatMap(({ cumulativeCount, upperBound = 0 }) => {
    const count = Math.max(0, wholeNumber(cumulativeCount) - below);
    below += count;
    return count === 0 || !Number.isFinite(upperBound) ? [] : [{ upTo: upperBound, count }];
  });
  const beyond = Math.max(0, wholeNumber(sampleCount) - below);
  return beyond === 0 ? buckets : [...buckets, { upTo: Number.POSITIVE_INFINITY, count: beyond }];
}

/** Whatever a proxy sends: no number of it may spoil a sum. */
function wholeNumber(value = 0): number {
  return Number.isFinite(value) && value > 0 ? Math.floor(value) : 0;
}
