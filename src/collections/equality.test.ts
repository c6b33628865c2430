import fc from 'fast-check';
import { expect, it } from 'vitest';
import { equal } from './equality.ts';

it('agrees with the serialised form on any JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.jsonValue(), (a, b) => {
      expect(equal(a, structuredClone(a))).toBe(true);
      expect(equal(a, b)).toBe(canonical(a) === canonical(b));
    }),
  );
});

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

it.each([
  ['numbers that are none', Number.NaN, Number.NaN, true],
  ['null and undefined', null, undefined, false],
  ['null and an object', null, {}, false],
  ['an array and an object', [], {}, false],
  ['the order of properties', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
  ['a missing property', { a: undefined }, {}, false],
  ['properties of other names', { a: undefined }, { b: undefined }, false],
  ['an inherited name', { toString: 1 }, { x: 1 }, false],
  ['equal bytes', Uint8Array.of(1, 2), Uint8Array.of(1, 2), true],
  ['other bytes', Uint8Array.of(1, 2), Uint8Array.of(1, 3), false],
  ['equal maps', new Map([['a', [1]]]), new Map([['a', [1]]]), true],
  ['other maps', new Map([['a', [1]]]), new Map([['b', [1]]]), false],
  ['equal sets', new Set([1, 2]), new Set([2, 1]), true],
  ['other sets', new Set([1]), new Set([2]), false],
  ['equal dates', new Date(1), new Date(1), true],
  ['instances of a class', new (class A {})(), new (class A {})(), false],
])('compares %s', (_, a, b, expected) => {
  expect(equal(a, b)).toBe(expected);
  expect(equal(b, a)).toBe(expected);
});
