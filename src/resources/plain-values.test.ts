import { describe, expect, test } from 'vitest';
import { isMap, isPlainValue, limits } from './plain-values.ts';
import { formatPath, Problems } from './problem.ts';

function faultOf(value: unknown): readonly [code: string, path: string] | undefined {
  const problems = new Problems();
  const isPlain = isPlainValue(value, problems);
  expect(problems.list).toHaveLength(isPlain ? 0 : 1);
  const [problem] = problems.list;
  return problem && [problem.code, formatPath(problem.path)];
}

describe('what JSON cannot say is found where it stands', () => {
  test.each([
    ['a date', new Date(0)],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a big integer', 1n],
    ['a map with keys of any kind', new Map([[1, 2]])],
    ['bytes', new Uint8Array(2)],
    ['nothing', undefined],
    ['a function', () => 1],
    ['an object that inherits', Object.create({ a: 1 })],
  ])('%s', (_, value) => {
    expect(faultOf({ spec: { list: [1, value] } })).toEqual(['ISTH0112', 'spec.list[1]']);
  });
});

test('JSON passes, with whatever keys', () => {
  const value: unknown = JSON.parse('{"__proto__":{"a":[null,true,1.5e300,"x"]},"constructor":{},"":[]}');
  expect(faultOf(value)).toBeUndefined();
  expect(faultOf(Object.assign(Object.create(null), { a: 1 }))).toBeUndefined();
});

describe('what is too large is refused, and costs no more than the bound', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

  test('in depth', () => {
    expect(faultOf(nested(limits.depth))).toBeUndefined();
    expect(faultOf(nested(limits.depth + 1))).toEqual(['ISTH0113', '']);
  });

  test('in the number of values, aliases counted as often as they are met', () => {
    let bomb: unknown = 'x';
    for (let doublings = 0; doublings < 50; doublings += 1) bomb = [bomb, bomb];
    expect(faultOf(bomb)).toEqual(['ISTH0113', '']);
    expect(faultOf(new Array(limits.values).fill(0))).toEqual(['ISTH0113', '']);
  });

  test('in text, that of keys included', () => {
    expect(faultOf(['x'.repeat(limits.characters)])).toBeUndefined();
    expect(faultOf(['x'.repeat(limits.characters + 1)])).toEqual(['ISTH0113', '']);
    expect(faultOf({ ['x'.repeat(limits.characters + 1)]: 1 })).toEqual(['ISTH0113', '']);
  });

  test('in cycles', () => {
    const cycle: Record<string, unknown> = {};
    cycle.again = cycle;
    expect(faultOf(cycle)).toEqual(['ISTH0113', '']);
  });
});

test('a list is no map, nor is null', () => {
  expect([isMap({}), isMap([]), isMap(null), isMap('a'), isMap(new Date(0))]).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
