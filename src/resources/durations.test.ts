import { expect, test } from 'vitest';
import { parseDuration } from './durations.ts';

test.each([
  ['60s', 60_000],
  ['100ms', 100],
  ['24h', 86_400_000],
  ['1h30m', 5_400_000],
  ['0.020s', 20],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['2.s', 2000],
  ['250us', 0.25],
  ['250\u00b5s', 0.25],
  ['1000ns', 0.001],
  ['0', 0],
  ['0s', 0],
  ['-1s', -1000],
  ['+1s', 1000],
  ['1m1m', 120_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBeCloseTo(ms, 9);
});

test.each(['', '-', '1', '60', 's', '1d', '1 s', ' 1s', '1s ', '1s1', '1,5s', '1e3s', 'NaNs', '--1s', '1.2.3s', '.s'])(
  '%j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test('what is beyond 10,000 years, or written at length, is no duration', () => {
  expect(parseDuration('87660000h')).toBe(315_576_000_000_000);
  expect(parseDuration('87660001h')).toBeUndefined();
  expect(parseDuration(`${'9'.repeat(60)}h`)).toBeUndefined();
  expect(parseDuration(`${'1s'.repeat(40)}`)).toBeUndefined();
});
