import { expect, test } from 'vitest';
import { compileCelRules } from './cel-rules.ts';
import { formatPath, Problems } from './problem.ts';
import type { Schema } from './schema-language.ts';

const positive = {
  type: 'integer',
  'x-kubernetes-validations': [{ rule: 'self > 0', message: 'must be positive' }],
} as const;
const schema: Schema = {
  type: 'object',
  properties: {
    one: positive,
    list: { type: 'array', items: positive },
    map: { type: 'object', additionalProperties: positive },
    time: {
      type: 'string',
      'x-kubernetes-validations': [{ rule: "duration(self) > duration('1s')", message: 'must be long' }],
    },
  },
  'x-kubernetes-validations': [{ rule: '!has(self.one) || has(self.list)', message: 'one needs list' }],
};
const check = compileCelRules(schema);

function violations(value: unknown): readonly string[] {
  const problems = new Problems();
  check(value, problems);
  return problems.list.map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

test('a rule is checked wherever its schema holds: fields, items of lists, values of maps', () => {
  expect(violations({ one: 1, list: [1, 2], map: { a: 1 } })).toEqual([]);
  expect(violations({ one: 0, list: [1, 0], map: { a: -1 } })).toEqual([
    'one: must be positive.',
    'list[1]: must be positive.',
    'map.a: must be positive.',
  ]);
  expect(violations({ one: 1 })).toEqual([': one needs list.']);
});

test('a rule that cannot be evaluated on what was written is violated, with the reason', () => {
  expect(violations({ time: '1d' })).toEqual(['time: must be long (Invalid duration string: 1d).']);
  expect(violations({ one: 'x', list: [] })[0]).toMatch(/^one: must be positive \(.+\)\.$/);
});

test('a rule that is not CEL is a defect of the schema', () => {
  expect(() =>
    compileCelRules({ type: 'string', 'x-kubernetes-validations': [{ rule: 'self >', message: 'x' }] }),
  ).toThrow('is not CEL');
});
