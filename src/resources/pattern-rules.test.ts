import { expect, test } from 'vitest';
import { PatternBudget } from './pattern-cost.ts';
import { checkPattern } from './pattern-rules.ts';
import { Problems } from './problem.ts';

function faultsOf(pattern: string): readonly string[] {
  const problems = new Problems();
  checkPattern(pattern, ['spec', 'pattern'], { problems, budget: new PatternBudget() });
  return problems.list.map(({ code }) => code);
}

test.each([
  '',
  '/books/v1.2',
  '.*a-book.*new',
  '/a b_c',
  '(?i)x',
  '\\Q.*\\E',
  '[[:alpha:]]+',
  '(?P<n>a)',
  '\\x{1F600}',
  '^a|b$',
])('%s can be compiled', (pattern) => {
  expect(faultsOf(pattern)).toEqual([]);
});

test.each([
  ['a second star', '/a.**'],
  ['an open group', '/a(b'],
  ['a group closed too early', 'a)(?:b'],
  ['an open class', '[a'],
  ['an open quotation, which would swallow what follows', 'a\\Qb'],
  ['a look-ahead', 'a(?=b)'],
  ['a look-behind', '(?<!a)b'],
  ['a back-reference', '(a)\\1'],
  ['a possessive quantifier', 'a++'],
  ['more copies than RE2 takes', 'a{1,1001}'],
  ['an expansion without bound', '(a{1,500}b){1,500}'],
  ['half a character', 'a\udc00'],
  ['a backslash at the end', 'a\\'],
])('%s is refused', (_, pattern) => {
  expect(faultsOf(pattern)).toEqual(['ISTH0209']);
});
