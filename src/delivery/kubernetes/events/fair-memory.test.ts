import { expect, it } from 'vitest';
import { FairMemory } from './fair-memory.ts';

it('forgets of the group that has the most what has been unchanged for the longest', () => {
  const memory = new FairMemory<number>(4, (key) => key.slice(0, key.indexOf('/')));
  for (const key of ['shop/a', 'crowd/a', 'crowd/b', 'crowd/c']) expect(memory.set(key, 1)).toBeUndefined();
  expect(memory.set('crowd/a', 2)).toBeUndefined();
  memory.amend('crowd/b', (value) => value + 10);
  memory.amend('crowd/z', (value) => value);
  expect([memory.get('crowd/a'), memory.get('crowd/b'), memory.get('crowd/z')]).toEqual([2, 11, undefined]);
  expect(memory.set('pay/a', 1)).toBe('crowd/b');
  expect(memory.set('crowd/d', 1)).toBe('crowd/c');
  expect(memory.set('pay/b', 1)).toBe('crowd/a');
  expect(['shop/a', 'pay/a', 'pay/b', 'crowd/d', 'crowd/a'].map((key) => memory.get(key))).toEqual([
    1,
    1,
    1,
    1,
    undefined,
  ]);
});

it('forgets the oldest where all have as much', () => {
  const memory = new FairMemory<number>(2, (key) => key);
  expect(['a', 'b', 'c', 'd'].map((key) => memory.set(key, 1))).toEqual([undefined, undefined, 'a', 'b']);
});
