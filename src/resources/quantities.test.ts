import { expect, test } from 'vitest';
import { parseQuantity } from './quantities.ts';

const one = 10n ** 9n;

test.each([
  ['1', one],
  ['+1', one],
  ['-1', -one],
  ['0', 0n],
  ['-0', 0n],
  ['0.5', one / 2n],
  ['.5', one / 2n],
  ['5.', 5n * one],
  ['500m', one / 2n],
  ['1u', 1000n],
  ['1n', 1n],
  ['2k', 2000n * one],
  ['1M', 10n ** 6n * one],
  ['1G', 10n ** 9n * one],
  ['1T', 10n ** 12n * one],
  ['1P', 10n ** 15n * one],
  ['1E', 10n ** 18n * one],
  ['1Ki', 1024n * one],
  ['0.5Ki', 512n * one],
  ['1Mi', 2n ** 20n * one],
  ['1Gi', 2n ** 30n * one],
  ['1Ti', 2n ** 40n * one],
  ['1Pi', 2n ** 50n * one],
  ['1Ei', 2n ** 60n * one],
  ['1e3', 1000n * one],
  ['1E3', 1000n * one],
  ['1e-3', one / 1000n],
  ['1e+3', 1000n * one],
  ['1000000e-15', 1n],
  ['0e999999999', 0n],
  [`0${'0'.repeat(60)}1`, one],
  ['9223372036854775807', (2n ** 63n - 1n) * one],
])('%s is read exactly', (text, nanos) => {
  expect(parseQuantity(text)).toBe(nanos);
});

test.each([
  ['', 'malformed'],
  ['.', 'malformed'],
  ['m', 'malformed'],
  ['1 m', 'malformed'],
  ['1mm', 'malformed'],
  ['1K', 'malformed'],
  ['1ki', 'malformed'],
  ['1e', 'malformed'],
  ['1e1.5', 'malformed'],
  ['1e3m', 'malformed'],
  ['1,5', 'malformed'],
  ['0x10', 'malformed'],
  ['١', 'malformed'],
  ['1'.repeat(65), 'malformed'],
  ['0.1n', 'too fine'],
  ['1e-10', 'too fine'],
  ['1e-999999999', 'too fine'],
  ['9223372036854775808', 'too large'],
  ['10E', 'too large'],
  ['8Ei', 'too large'],
  ['1e19', 'too large'],
  ['1e999999999', 'too large'],
])('%s is refused: %s', (text, fault) => {
  expect(parseQuantity(text)).toBe(fault);
});
