import { expect, it } from 'vitest';
import { decode, encode } from '../../xds-api/messages.ts';
import { fromJson } from '../../xds-api/proto-json.ts';
import { propertyMatcher } from './property-matcher.ts';

/** As it comes over the wire: through bytes. */
function test(json: Record<string, unknown>, value: string | undefined): boolean {
  const name = 'envoy.config.route.v3.HeaderMatcher';
  const matcher = decode(name, encode(name, fromJson(name, { name: 'p', ...json })));
  return propertyMatcher(matcher).test(value);
}

it.each([
  [{ exact_match: 'a' }, 'a', ['A', '', 'ab', undefined]],
  [{ exact_match: '' }, '', ['a', undefined]],
  [{ prefix_match: 'ab' }, 'abc', ['xab', 'a', undefined]],
  [{ suffix_match: 'bc' }, 'abc', ['bcd', undefined]],
  [{ contains_match: 'b' }, 'abc', ['ac', undefined]],
  [{ safe_regex_match: { regex: 'a+b' } }, 'aab', ['aabc', 'xab', undefined]],
  [{ present_match: true }, '', [undefined]],
  [{}, 'x', [undefined]],
  [{ range_match: { start: -3, end: 3 } }, '-3', ['3', '', 'x', '1.5', undefined]],
  [{ string_match: { exact: 'Ab', ignore_case: true } }, 'aB', ['abc', undefined]],
  [{ string_match: { prefix: 'AB', ignore_case: true } }, 'abC', ['xab', undefined]],
  [{ string_match: { suffix: 'c' } }, 'abc', ['cab', undefined]],
  [{ string_match: { contains: 'b' } }, 'abc', ['ac', undefined]],
  [{ string_match: { safe_regex: { regex: '[0-9]{2}' } } }, '42', ['421', undefined]],
])('%j passes %j and nothing else', (matcher, passing, failing) => {
  expect(test(matcher, passing)).toBe(true);
  for (const value of failing) expect(test(matcher, value)).toBe(false);
});

it('inverts, but takes a missing property for no match unless presence was asked for', () => {
  expect(test({ exact_match: 'a', invert_match: true }, 'b')).toBe(true);
  expect(test({ exact_match: 'a', invert_match: true }, 'a')).toBe(false);
  expect(test({ exact_match: 'a', invert_match: true }, undefined)).toBe(false);
  expect(test({ present_match: true, invert_match: true }, undefined)).toBe(true);
  expect(test({ exact_match: 'a', invert_match: true, treat_missing_header_as_empty: true }, undefined)).toBe(true);
});

it('refuses an expression that its engine cannot run in linear time', () => {
  expect(() => test({ safe_regex_match: { regex: '(a)\\1' } }, 'aa')).toThrow('is no RE2 expression');
});

it('stays fast on an expression that would ruin a backtracking engine', () => {
  expect(test({ safe_regex_match: { regex: '(a+)+b' } }, 'a'.repeat(5000))).toBe(false);
});
