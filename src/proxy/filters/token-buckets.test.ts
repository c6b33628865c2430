import { expect, it } from 'vitest';
import { BucketStore } from './token-buckets.ts';

const plan = { maxTokens: 3, tokensPerFill: 2, fillIntervalMs: 100 };

function clocked(): { store: BucketStore; memory: SharedArrayBuffer; clock: { now: number } } {
  const clock = { now: 1_800_000_000_000 };
  const memory = BucketStore.memory(64);
  return { store: new BucketStore(memory, () => clock.now), memory, clock };
}

const take = (bucket: { take(): boolean }, count: number): number =>
  Array.from({ length: count }, () => bucket.take()).filter(Boolean).length;

it('starts full, refills by the interval, and never holds more than its maximum', () => {
  const { store, clock } = clocked();
  const bucket = store.bucket('a', plan);
  expect(take(bucket, 10)).toBe(3);
  clock.now += 99;
  expect(take(bucket, 10)).toBe(0);
  clock.now += 1;
  expect(take(bucket, 10)).toBe(2);
  clock.now += 100_000;
  expect(take(bucket, 10)).toBe(3);
});

it('is one bucket for all workers that share its memory', () => {
  const { store, memory, clock } = clocked();
  const other = new BucketStore(memory, () => clock.now);
  expect(take(store.bucket('a', plan), 2)).toBe(2);
  expect(take(other.bucket('a', plan), 10)).toBe(1);
});

it('keeps its tokens over an update that leaves it as it is, and starts anew when its settings change', () => {
  const { store } = clocked();
  take(store.bucket('a', plan), 3);
  expect(take(store.bucket('a', plan), 1)).toBe(0);
  expect(take(store.bucket('a', { ...plan, maxTokens: 5 }), 10)).toBe(5);
});

it('keeps buckets of different names apart', () => {
  const { store } = clocked();
  for (let name = 0; name < 40; name++) expect(take(store.bucket(`bucket ${name}`, plan), 10)).toBe(3);
});

it.each([2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])(
  'lets requests through under a limit of %d, and after a refill',
  (tokens) => {
    const { store, clock } = clocked();
    const bucket = store.bucket('a', { maxTokens: tokens, tokensPerFill: tokens, fillIntervalMs: 100 });
    expect(take(bucket, 1000)).toBe(1000);
    clock.now += 100_000;
    expect(take(bucket, 1000)).toBe(1000);
  },
);
