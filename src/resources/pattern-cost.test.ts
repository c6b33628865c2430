import { expect, test } from 'vitest';
import { PatternBudget } from './pattern-cost.ts';

test.each([
  '^[a-z]{1,64}-[0-9]{1,64}$',
  '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$',
  '\\p{L}+',
  'v(1|2)',
  '.*',
  '(a+)+$',
])('%s may be compiled', (pattern) => {
  expect(new PatternBudget().spend(pattern)).toBeUndefined();
});

test.each(['x{2,1000}'.repeat(100), `(${'a'.repeat(1000)}){1000}`, '(?i)\\pL'.repeat(140), `${'a{1000}'.repeat(50)}`])(
  'a pattern that expands too far is not compiled',
  (pattern) => {
    expect(new PatternBudget().spend(pattern)).toContain('expands too far');
  },
);

test('an object has a bound for all its patterns together', () => {
  const budget = new PatternBudget();
  const verdicts = Array.from({ length: 300 }, () => budget.spend('a'.repeat(1000)));
  expect(verdicts[0]).toBeUndefined();
  expect(verdicts.at(-1)).toContain('too many');
});
