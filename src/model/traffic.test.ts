import { describe, expect, it } from 'vitest';
import { latencyAt, noTraffic, sumOfTraffic } from './traffic.ts';

const took = (...latencies: readonly (readonly [upTo: number, count: number])[]) => ({
  ...noTraffic,
  latencies: latencies.map(([upTo, count]) => ({ upTo, count })),
});

describe('how long requests took', () => {
  it('is interpolated within the bucket in which so many of them were done', () => {
    const traffic = took([10, 50], [20, 50]);
    expect(latencyAt(0.5, traffic)).toBe(10);
    expect(latencyAt(0.9, traffic)).toBe(18);
    expect(latencyAt(1, traffic)).toBe(20);
  });

  it('passes over buckets in which none were', () => {
    expect(latencyAt(0.5, took([1, 0], [5, 10], [10, 0]))).toBe(3);
  });

  it('is at least the highest bound for those beyond all bounds', () => {
    expect(latencyAt(0.99, took([100, 1], [Number.POSITIVE_INFINITY, 9]))).toBe(100);
  });

  it('is unknown where nothing was measured', () => {
    expect(latencyAt(0.5, noTraffic)).toBeUndefined();
    expect(latencyAt(0.5, took([5, 0]))).toBeUndefined();
  });
});

describe('traffic', () => {
  it('adds up, bucket by bucket, in any order', () => {
    const a = { successes: 1, failures: 2, latencies: took([5, 1], [20, 2]).latencies };
    const b = { successes: 10, failures: 0, latencies: took([10, 4], [20, 1]).latencies };
    const sum = { successes: 11, failures: 2, latencies: took([5, 1], [10, 4], [20, 3]).latencies };
    expect(sumOfTraffic([a, b])).toEqual(sum);
    expect(sumOfTraffic([b, a])).toEqual(sum);
    expect(sumOfTraffic([])).toEqual(noTraffic);
  });
});
