import { expect, test } from 'vitest';
import { formatPath, Problems, parsePath, quote } from './problem.ts';

test('a path prints as kubectl prints it, and is read back', () => {
  const path = ['spec', 'routes', 0, 'match', 'attributes', 'user-id'];
  expect(formatPath(path)).toBe('spec.routes[0].match.attributes.user-id');
  expect(parsePath(formatPath(path))).toEqual(path);
  expect(formatPath(['metadata', 'labels', 'app.kubernetes.io/name'])).toBe('metadata.labels[app.kubernetes.io/name]');
  expect(formatPath([0, 'a'])).toBe('[0].a');
  expect(formatPath([])).toBe('');
  expect(parsePath('')).toEqual([]);
  expect(formatPath(['x'.repeat(1_000_000)]).length).toBeLessThan(100);
});

test("a user's value is quoted on one short line", () => {
  expect(quote('a\n"b')).toBe('"a\\n\\"b"');
  expect(quote('x'.repeat(1_000_000)).length).toBeLessThan(100);
  expect([quote(null), quote([1]), quote({ a: 1 }), quote(5), quote(true)]).toEqual([
    'null',
    'a list',
    'a map',
    '5',
    'true',
  ]);
});

test('problems beyond the bound are counted, not kept; one error among them is remembered', () => {
  const problems = new Problems();
  for (let count = 0; count < Problems.limit; count += 1) problems.add('ISTH0102', [], 'A warning.');
  expect(problems.hasError).toBe(false);
  problems.add('ISTH0103', [], 'An error.');
  expect([problems.list.length, problems.unlisted, problems.hasError]).toEqual([Problems.limit, 1, true]);
});
