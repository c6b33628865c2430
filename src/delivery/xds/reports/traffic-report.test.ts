import { describe, expect, it } from 'vitest';
import { encode, type isthmus } from '../../../xds-api/messages.ts';
import { readTraffic } from './traffic-report.ts';

const family = (name: string, ...metric: isthmus.metrics.v1.Metric[]) =>
  encode('isthmus.metrics.v1.MetricFamily', { name, metric });
const counter = (name: string, value: number) => family(name, { counter: { value } });
const histogram = (
  name: string,
  sampleCount: number,
  ...bounds: readonly (readonly [upTo: number, below: number])[]
) => {
  const bucket = bounds.map(([upperBound, cumulativeCount]) => ({ upperBound, cumulativeCount }));
  return family(name, { histogram: { sampleCount, bucket } });
};

const CLUSTER = 'outbound|80||orders.shop.svc.cluster.local';
const none = { latencies: [] };

describe('what a proxy says it counted', () => {
  it('is requests by cluster, whatever dots its name has: all but 5xx succeeded', () => {
    const codes = [1, 2, 3, 4, 5].map((code) => counter(`cluster.${CLUSTER}.upstream_rq_${code}xx`, 10 ** code));
    const inbound = counter('cluster.inbound|8080||.upstream_rq_2xx', 3);
    expect(readTraffic([...codes, inbound])).toEqual(
      new Map([
        [CLUSTER, { ...none, successes: 11_110, failures: 100_000 }],
        ['inbound|8080||', { ...none, successes: 3, failures: 0 }],
      ]),
    );
  });

  it('is how long they took, bucket by bucket, and those beyond all bounds', () => {
    const time = histogram(`cluster.${CLUSTER}.upstream_rq_time`, 10, [1, 0], [5, 4], [10, 9], [20, 9]);
    const counted = readTraffic([time, counter(`cluster.${CLUSTER}.upstream_rq_2xx`, 10)]);
    expect(counted.get(CLUSTER)?.latencies).toEqual([
      { upTo: 5, count: 4 },
      { upTo: 10, count: 5 },
      { upTo: Number.POSITIVE_INFINITY, count: 1 },
    ]);
  });

  it('is calls of Thrift, of which errors and exceptions failed', () => {
    const counted = readTraffic(
      ['success', 'error', 'exception', 'reply'].map((what, at) =>
        counter(`cluster.${CLUSTER}.thrift.upstream_resp_${what}`, 10 ** at),
      ),
    );
    expect(counted.get(CLUSTER)).toEqual({ ...none, successes: 1, failures: 110 });
  });

  it('counts no request twice that Envoy counts by where it comes from as well', () => {
    const names = [CLUSTER, `${CLUSTER}.external`, `${CLUSTER}.canary`, `${CLUSTER}.zone.a.b`];
    const counted = readTraffic(names.map((name) => counter(`cluster.${name}.upstream_rq_2xx`, 7)));
    expect([...counted.keys()]).toEqual([CLUSTER]);
  });

  it('takes a host for what it is that ends as such a counter does', () => {
    const host = 'outbound|80||db.internal';
    const names = [host, `${host}.internal`];
    expect([...readTraffic(names.map((name) => counter(`cluster.${name}.upstream_rq_2xx`, 7))).keys()]).toEqual([host]);
  });

  it('leaves out what nothing was counted of, and all else that Envoy counts', () => {
    const families = [
      counter(`cluster.${CLUSTER}.upstream_rq_2xx`, 0),
      counter(`cluster.${CLUSTER}.upstream_cx_total`, 5),
      counter('cluster.isthmus-control-plane.upstream_rq_2xx', 5),
      counter('http.admin.downstream_rq_2xx', 5),
      encode('isthmus.metrics.v1.MetricFamily', {}),
    ];
    expect(readTraffic(families)).toEqual(new Map());
  });

  it('lets no number of a proxy spoil a sum', () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, -5, 2.7];
    const families = values.map((value) => counter(`cluster.${CLUSTER}.upstream_rq_2xx`, value));
    expect(readTraffic(families).get(CLUSTER)?.successes).toBe(2);
    const falling = histogram(`cluster.${CLUSTER}.upstream_rq_time`, 1, [1, 5], [2, 3], [Number.NaN, 9]);
    const counted = readTraffic([falling, ...families]);
    expect(counted.get(CLUSTER)?.latencies).toEqual([{ upTo: 1, count: 5 }]);
  });

  it('reads long names', () => {
    const long = `outbound|80||${'a'.repeat(300)}.mesh`;
    expect([...readTraffic([counter(`cluster.${long}.upstream_rq_2xx`, 1)]).keys()]).toEqual([long]);
  });
});
