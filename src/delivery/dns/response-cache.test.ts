import { expect, it } from 'vitest';
import { queryFor, upstreamResponse } from './dns-fixture.ts';
import { ResponseCache } from './response-cache.ts';
import { readUpstreamAnswer, type UpstreamAnswer } from './upstream-answer.ts';

const query = queryFor('www.example.com', 'A');

function answer(ttls: readonly number[], size = 4): UpstreamAnswer {
  const records = ttls.map((ttl) => ({ type: 'A', ttl, data: Buffer.alloc(size) }));
  const read = readUpstreamAnswer(upstreamResponse(query, records), query, query.length);
  if (read === undefined) throw new TypeError('the answer is whole');
  return read;
}

function cacheAt(limits: { entries?: number; bytes?: number } = {}) {
  const clock = { now: 0 };
  const cache = new ResponseCache({ entries: 100, bytes: 1e6, ttl: 300, negativeTtl: 30, ...limits }, () => clock.now);
  return { clock, cache };
}

it('an answer is kept for the shortest of its TTLs, and tells its age', () => {
  const { clock, cache } = cacheAt();
  cache.put('a', answer([100, 60]));
  clock.now = 59_999;
  expect(cache.get('a')?.age).toBe(59);
  clock.now = 60_000;
  expect(cache.get('a')).toBeUndefined();
  expect(cache.size).toBe(0);
});

it('nothing is kept for longer than the cap, nor what says that it must not be kept', () => {
  const { clock, cache } = cacheAt();
  cache.put('a', answer([100_000]));
  cache.put('zero', answer([0]));
  cache.put('odd', answer([0x80000001]));
  cache.put('none', answer([]));
  clock.now = 299_999;
  expect(['a', 'zero', 'odd', 'none'].map((key) => cache.get(key) !== undefined)).toEqual([true, false, false, false]);
  clock.now = 300_000;
  expect(cache.get('a')).toBeUndefined();
});

it('beyond the bound of number or of bytes, what was not used for the longest goes', () => {
  const { cache } = cacheAt({ entries: 2 });
  for (const key of ['a', 'b']) cache.put(key, answer([60]));
  cache.get('a');
  cache.put('c', answer([60]));
  expect(['a', 'b', 'c'].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true]);
  const small = cacheAt({ bytes: 5000 }).cache;
  for (let at = 0; at < 100; at++) small.put(String(at % 20), answer([60], 1000));
  expect(small.size).toBe(2);
  small.put('huge', answer([60], 6000));
  expect(small.size).toBe(0);
});
