import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readString, stringEnd, writeString } from './hessian-strings.ts';
import { HessianWalker } from './hessian-walker.ts';
import { HessianWriter } from './hessian-writer.ts';

const walker = new HessianWalker();
const hex = (digits: string): Buffer => Buffer.from(digits.replace(/\s/g, ''), 'hex');

/** Values skipped before the end or what is malformed, and where that is. */
function walk(bytes: Buffer): { readonly values: number; readonly at: number } {
  walker.open(bytes, 0, bytes.length);
  let values = 0;
  while (!walker.done && walker.skip()) values++;
  return { values, at: walker.at };
}

describe('skipping', () => {
  it('stays within any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
        const { at } = walk(Buffer.from(random));
        expect(at).toBeLessThanOrEqual(random.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('knows each of the values that Java has written', () => {
    // An exception with a cause that is itself, a stack trace that is a typed array of objects, an empty list.
    const exception =
      '43 11 6a6176612e6c616e672e52756e74696d65 94 05 6361757365 07 6d657373616765 0a 737461636b5472616365 0a 73757070726573736564' +
      '60 5190 04 6f6f7073 71 04 5b737465 43 03 737465 92 04 6c696e65 04 6e616d65 61 9c 03 72756e 78';
    expect(walk(hex(exception))).toEqual({ values: 1, at: hex(exception).length });
  });
});

describe('hostile bytes', () => {
  it('refuses numbers that stand for nothing in a table', () => {
    const cases = ['51 90', '60', '4f 90', '4f 8f', '55 90 5a', '4d 91 5a', '72 8f 90 90', '79 51 8f', '79 51 91'];
    for (const digits of cases) expect([digits, walk(hex(digits)).values]).toEqual([digits, 0]);
  });

  it('refuses lengths beyond the bytes and negative ones', () => {
    const cases = [
      '58 497fffffff',
      '58 8f',
      '56 0161 49ffffffff',
      '42 ffff',
      '53 ffff 61',
      '43 0161 497fffffff',
      '43 0161 8f',
    ];
    for (const digits of cases) expect([digits, walk(hex(digits)).values]).toEqual([digits, 0]);
  });

  it('refuses a map whose last key has no value, and an end that ends nothing', () => {
    for (const digits of ['48 0161 5a', '5a', '57 5a 5a'])
      expect(walk(hex(digits)).values).toBe(digits === '57 5a 5a' ? 1 : 0);
  });

  it('refuses values that nest deeper than any that is sent, and takes those that do not', () => {
    const nested = (depth: number): Buffer => Buffer.concat([Buffer.alloc(depth, 0x79), hex('4e')]);
    expect(walk(nested(4096)).values).toBe(1);
    expect(walk(nested(4097)).values).toBe(0);
    expect(walk(nested(1_000_000)).values).toBe(0);
  });

  it('takes time in proportion to the bytes, however they refer to each other', () => {
    const classes = new HessianWriter().bytes;
    const widest = Buffer.concat([
      classes,
      hex('43 0161 d43000'),
      Buffer.alloc(0x3000),
      Buffer.alloc(0x3000 * 8, 0x4e),
    ]);
    // Objects of 12,288 fields, of which each begins another: there are never so many bytes.
    const objects = Buffer.concat([widest.subarray(0, 6 + 0x3000), Buffer.alloc(100_000, 0x60)]);
    expect(walk(objects).values).toBe(0);
    const definitions = Buffer.concat(Array.from({ length: 100_000 }, () => hex('43 00 90')));
    expect(walk(definitions).values).toBe(0);
    expect(walk(Buffer.alloc(1_000_000, 0x52)).values).toBe(0);
  });
});

describe('strings', () => {
  it('come back as they were written', () => {
    const lengths = fc.constantFrom(0, 31, 32, 1023, 1024, 32_767, 32_768, 32_769, 65_000);
    const long = fc.tuple(fc.constantFrom('x', 'é'), lengths).map(([unit, length]) => unit.repeat(length));
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      long.filter((text) => Buffer.byteLength(text) < 65_500),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = writeString(text);
        expect(stringEnd(bytes, 0, bytes.length)).toBe(bytes.length);
        expect(readString(bytes, 0, bytes.length)).toBe(text);
      }),
    );
  });

  it('are written in chunks where they are long, of which none ends within a character', () => {
    expect(writeString('x'.repeat(32_769)).subarray(0, 3)).toEqual(hex('528000'));
    const split = writeString(`${'x'.repeat(32_767)}\u{1F980}`);
    expect(split.subarray(0, 3)).toEqual(hex('527fff'));
    expect(split.subarray(3 + 32_767)).toEqual(hex('02 eda0be edb680'));
  });

  it('may have characters beyond the first plane as two surrogates or as four bytes', () => {
    for (const digits of ['02 eda0be edb680', '02 f09fa680', '52 0002 f09fa680 00']) {
      const bytes = hex(digits);
      expect(stringEnd(bytes, 0, bytes.length)).toBe(bytes.length);
      expect(readString(bytes, 0, bytes.length)).toBe('\u{1F980}');
    }
  });

  it('are none where their length splits a character or goes beyond the end', () => {
    for (const digits of ['01 f09fa680', '02 61', '02 c3', '31', '53 00', '52 0001 61', '52 0001 61 90', '90', ''])
      expect([digits, stringEnd(hex(digits), 0, hex(digits).length)]).toEqual([digits, -1]);
  });
});
