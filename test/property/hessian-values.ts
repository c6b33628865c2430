/** Arbitrary values of Hessian 2 for tests, nested and shared. */
import fc from 'fast-check';
import type { HessianValue } from '../../codecs/dubbo/hessian-writer.ts';

const bytes = (...values: readonly number[]): HessianValue => ({ is: 'raw', bytes: values });

/** Each scalar form once, with the bounds of its opcodes. */
const scalars: readonly HessianValue[] = [
  bytes(0x4e),
  bytes(0x54),
  bytes(0x46),
  // Longs of one to eight bytes.
  bytes(0xd8),
  bytes(0xef),
  bytes(0xf0, 0x5a),
  bytes(0xff, 0x00),
  bytes(0x38, 0x5a, 0x5a),
  bytes(0x3f, 0xff, 0xff),
  bytes(0x59, 0x5a, 0x5a, 0x5a, 0x5a),
  bytes(0x4c, 0, 0, 0, 0, 0, 0, 0, 0x5a),
  // Doubles.
  bytes(0x5b),
  bytes(0x5c),
  bytes(0x5d, 0x5a),
  bytes(0x5e, 0x5a, 0x5a),
  bytes(0x5f, 0x5a, 0x5a, 0x5a, 0x5a),
  bytes(0x44, 0x40, 0x28, 0x80, 0, 0, 0, 0, 0x5a),
  // Dates in milliseconds and in minutes.
  bytes(0x4a, 0, 0, 1, 0x5a, 0x5a, 0, 0, 0),
  bytes(0x4b, 0, 0x5a, 0x5a, 0x5a),
];

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('', 'Z', 'x'.repeat(31), 'x'.repeat(32), '\u00e9'.repeat(1023), 'y'.repeat(1024), 'z'.repeat(40_000)),
  fc.constantFrom('\u{1F980}'.repeat(16_400), `${'a'.repeat(0x7fff)}\u{1F980}b`),
);
const typeName = fc.option(fc.constantFrom('java.util.List', '[int', 'java.util.TreeMap', 'a.B'), { nil: undefined });
const className = fc.constantFrom(...Array.from({ length: 20 }, (_, index) => `org.example.Class${index}`));
const leaf = fc.oneof(
  { weight: 2, arbitrary: text.map((value): HessianValue => ({ is: 'string', text: value })) },
  fc.integer().map((value): HessianValue => ({ is: 'int', value })),
  fc
    .constantFrom(-17, -16, 47, 48, -2048, 2047, 2048, -262_144, 262_143, 262_144)
    .map((value): HessianValue => ({ is: 'int', value })),
  fc.constantFrom(0, 15, 16, 1023, 1024, 40_000).map((length): HessianValue => ({ is: 'binary', length })),
  fc.constantFrom(...scalars),
);

const tree = fc.letrec<{ value: HessianValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc
      .record({ type: typeName, open: fc.boolean(), items: fc.array(tie('value'), { maxLength: 9 }) })
      .map(({ type, ...list }): HessianValue => ({ is: 'list', ...list, ...(type === undefined ? {} : { type }) })),
    fc
      .record({ type: typeName, entries: fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }) })
      .map(({ type, entries }): HessianValue => ({ is: 'map', entries, ...(type === undefined ? {} : { type }) })),
    fc
      .record({ className, members: fc.array(tie('value'), { maxLength: 5 }) })
      .map(({ className: name, members }): HessianValue => {
        const fields = members.map((member, index) => [`field${index}`, member] as const);
        return { is: 'object', className: name, fields };
      }),
  ),
})).value;

/** Several values of one body; some stand in it more than once, which the writer turns into references. */
export const hessianValues: fc.Arbitrary<readonly HessianValue[]> = fc
  .tuple(fc.array(tree, { minLength: 1, maxLength: 5 }), fc.array(fc.nat(), { maxLength: 4 }))
  .map(([values, repeated]) => [...values, ...repeated.flatMap((index) => values[index % values.length] ?? [])]);
