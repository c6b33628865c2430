import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IntegerMap } from './integer-map.ts';

const integer = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.constantFrom(0x10000, 0x20000, 0x80000000, 0xffffffff),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
const step = fc.record({ integer, what: fc.constantFrom('add', 'set', 'delete', 'reserve') });

it('holds what a Map would hold, after any history', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const map = new IntegerMap<number>();
      const expected = new Map<number, number>();
      steps.forEach(({ integer: key, what }, at) => {
        if (what === 'add') {
          expect(map.add(key, at)).toBe(expected.get(key));
          if (!expected.has(key)) expected.set(key, at);
        } else if (what === 'set') {
          map.set(key, at);
          expected.set(key, at);
        } else if (what === 'delete') {
          map.delete(key);
          expected.delete(key);
        } else map.reserve(key % 100);
        expect([map.get(key), map.size]).toEqual([expected.get(key), expected.size]);
      });
      expect(new Map(map)).toEqual(expected);
      expect([...map]).toHaveLength(expected.size);
      for (const [key, value] of expected) expect(map.get(key)).toBe(value);
    }),
  );
});

it('grows with what comes, and forgets what went', () => {
  const map = new IntegerMap<number>();
  for (let at = 0; at < 50_000; at++) {
    map.add(at * 0x10001, at);
    if (at >= 100) map.delete((at - 100) * 0x10001);
  }
  expect(map.size).toBe(100);
  expect([...map].map(([, value]) => value)).toEqual(Array.from({ length: 100 }, (_, at) => 49_900 + at));
});
