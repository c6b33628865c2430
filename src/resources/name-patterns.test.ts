import { expect, test } from 'vitest';
import { fits } from './name-patterns.ts';

test.each([
  ['orders', 'orders', true],
  ['orders', 'order', false],
  ['*', '', true],
  ['order*', 'orders-v2', true],
  ['*-v2', 'orders-v2', true],
  ['*-v2', 'orders-v2x', false],
  ['a*a', 'a', false],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['a**c', 'ac', true],
  ['.', 'x', false],
])('%s against %s: %s', (pattern, text, isFit) => {
  expect(fits(pattern, text)).toBe(isFit);
});

test('a pattern made to be slow is not', () => {
  expect(fits(`${'*a'.repeat(100)}b`, 'a'.repeat(10_000))).toBe(false);
});
