import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonPatch, type PatchOperation } from './json-patch.ts';

/** By RFC 6902, written for this test alone. */
function applied(value: unknown, operations: readonly PatchOperation[]): unknown {
  const root = { whole: structuredClone(value) };
  for (const { op, path, value: given } of operations) {
    const steps = ['whole', ...path.split('/').slice(1)].map((step) =>
      step.replaceAll('~1', '/').replaceAll('~0', '~'),
    );
    const last = steps.pop() ?? '';
    const parent: unknown = steps.reduce<unknown>((at, step) => Reflect.get(Object(at), step), root);
    if (Array.isArray(parent)) parent.splice(Number(last), op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [given]));
    else if (op === 'remove') Reflect.deleteProperty(Object(parent), last);
    else Reflect.set(Object(parent), last, given);
  }
  return root.whole;
}

const json = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('__proto__'));

it('tells keys from what every object inherits', () => {
  expect(jsonPatch({ valueOf: false }, {})).toEqual([{ op: 'remove', path: '/valueOf' }]);
  expect(jsonPatch({}, { toString: 1 })).toEqual([{ op: 'add', path: '/toString', value: 1 }]);
});

it('leads from any value to any other', () => {
  fc.assert(
    fc.property(json, json, (before, after) => {
      expect(applied(before, jsonPatch(before, after))).toEqual(after);
    }),
  );
});

it('is empty where nothing differs', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(jsonPatch(value, structuredClone(value))).toEqual([]);
    }),
  );
});

it('touches what differs and nothing beside it', () => {
  const before = { spec: { a: [{ name: 'x', n: 1 }, { name: 'y' }], 'b/c~d': 1, gone: true } };
  const after = { spec: { a: [{ name: 'w' }, { name: 'x', n: 2 }, { name: 'y' }], 'b/c~d': 2 } };
  expect(jsonPatch(before, after)).toEqual([
    { op: 'remove', path: '/spec/gone' },
    { op: 'remove', path: '/spec/a/0' },
    { op: 'add', path: '/spec/a/0', value: { name: 'w' } },
    { op: 'add', path: '/spec/a/1', value: { name: 'x', n: 2 } },
    { op: 'replace', path: '/spec/b~1c~0d', value: 2 },
  ]);
});
