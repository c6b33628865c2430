import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodecError } from '../codec.ts';
import { decimalOfHalves, fixedInteger, fixedIntegerNames, type Integer, incomplete, invalid } from './integers.ts';
import { asciiDecimal, int64Varint, uleb128, zigzag } from './variable-integers.ts';

const all: readonly (readonly [string, Integer])[] = [
  ...fixedIntegerNames.flatMap((name) =>
    (['big', 'little'] as const).map((endian) => [`${name} ${endian}`, fixedInteger(name, endian)] as const),
  ),
  ['uleb128', uleb128],
  ['zigzag', zigzag],
  ['int64', int64Varint],
  ['ascii-decimal', asciiDecimal(Buffer.from('\r\n'))],
];

describe.each(all)('%s', (_name, integer) => {
  const least = integer.signed ? -integer.max : 0;

  test('reads what it wrote, and takes exactly its bytes', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        const value = least + (Math.abs(number) % (integer.max - least + 1));
        const bytes = integer.encode(value);
        expect(integer.size(bytes, 0, bytes.length)).toBe(bytes.length);
        expect(integer.read(bytes, 0)).toBe(value);
        for (let end = 0; end < bytes.length; end++) expect(integer.size(bytes, 0, end)).toBe(incomplete);
      }),
    );
  });

  test('refuses what does not fit instead of cutting it', () => {
    expect(() => integer.encode(integer.max * 2 + 2)).toThrow(CodecError);
    if (!integer.signed) expect(() => integer.encode(-1)).toThrow(CodecError);
  });

  test('gives an id back as it came', () => {
    fc.assert(
      fc.property(fc.nat(integer.max), (value) => {
        const bytes = integer.encode(value);
        expect(integer.encodeHalves(integer.high(bytes, 0), integer.low(bytes, 0))).toEqual(bytes);
      }),
    );
  });
});

test('64 bits survive as halves where a number could not hold them', () => {
  for (const integer of [fixedInteger('u64', 'big'), fixedInteger('u64', 'little'), uleb128, zigzag, int64Varint]) {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (high, low) => {
        const bytes = integer.encodeHalves(high, low);
        expect([integer.high(bytes, 0), integer.low(bytes, 0)]).toEqual([high, low]);
      }),
    );
  }
});

test('decimal digits of halves are those of the whole', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
      const [high, low] = [Number(value >> 32n), Number(value & 0xffff_ffffn)];
      expect(decimalOfHalves(high, low, false)).toBe(value.toString());
      expect(decimalOfHalves(high, low, true)).toBe(BigInt.asIntN(64, value).toString());
    }),
  );
});

test('a varint of more than ten bytes, and digits without end, are no integers', () => {
  expect(uleb128.size(Buffer.alloc(11, 0x80), 0, 11)).toBe(invalid);
  expect(uleb128.size(Buffer.alloc(10, 0x80), 0, 10)).toBe(invalid);
  expect(uleb128.size(Buffer.alloc(9, 0x80), 0, 9)).toBe(incomplete);
  expect(asciiDecimal(Buffer.from(':')).size(Buffer.from('1234567890123456'), 0, 16)).toBe(invalid);
  expect(asciiDecimal(Buffer.from(':')).size(Buffer.from(':'), 0, 1)).toBe(invalid);
  expect(asciiDecimal(Buffer.from(':')).size(Buffer.from('1;'), 0, 2)).toBe(invalid);
});
