import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { derValue, integer, namedBits, objectIdentifier, sequence, tags, time } from './der.ts';
import { readParts, readValues } from './der-reading.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('a value in DER', () => {
  it.each([
    [0, '3000'],
    [127, '307f'],
    [128, '308180'],
    [255, '3081ff'],
    [256, '30820100'],
    [65_535, '3082ffff'],
  ])('of %d bytes says its length in the shortest form', (length, start) => {
    expect(hex(derValue(tags.sequence, new Uint8Array(length))).slice(0, start.length)).toBe(start);
  });

  it('is never longer than a reader takes', () => {
    expect(() => derValue(tags.sequence, new Uint8Array(65_536))).toThrow('64 KiB');
  });

  it.each([
    [objectIdentifier('2.5.29.17'), '0603551d11'],
    [objectIdentifier('1.2.840.113549.1.1.11'), '06092a864886f70d01010b'],
    [namedBits(0), '03020780'],
    [namedBits(0, 2), '030205a0'],
    [namedBits(5, 6), '03020106'],
    [time(Date.UTC(2026, 10, 21, 20, 8, 39, 999)), '170d3236313132313230303833395a'],
    [time(Date.UTC(2049, 11, 31, 23, 59, 59)), '170d3439313233313233353935395a'],
    [time(Date.UTC(2050, 0, 1)), '180f32303530303130313030303030305a'],
  ])('is written as others write it: %#', (value, expected) => {
    expect(hex(value)).toBe(expected);
  });

  it.each([Date.UTC(1949, 11, 31), Date.UTC(10_000, 0, 1)])('is no date that certificates cannot say: %d', (date) => {
    expect(() => time(date)).toThrow('between the years');
  });

  it('is read as it was written, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), (contents) => {
        const written = sequence(...contents.map((content) => derValue(tags.octetString, content)));
        expect(readParts(written, tags.sequence).map(({ content }) => hex(content))).toEqual(contents.map(hex));
      }),
    );
  });

  it.each([
    ['ends early', '30 03 02 01'],
    ['has no length', '30'],
    ['has no length of its length', '30 81'],
    ['says its length in more bytes than it needs', '30 81 03 02 01 00'],
    ['says its length in two bytes where one is enough', '30 82 00 80'],
    ['has no end that is known', '30 80 02 01 00 00 00'],
    ['says its length in three bytes', '30 83 01 00 00'],
    ['has a tag of several bytes', '3f 81 01 00'],
    ['is followed by something', '30 00 00'],
    ['is another one', '31 00'],
    ['is not there', ''],
  ])('that %s is refused', (_, text) => {
    expect(() => readParts(bytes(text), tags.sequence)).toThrow('no ASN.1');
  });

  it('of any bytes is read whole, or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (data) => {
        try {
          expect(hex(Buffer.concat(readValues(data).map(({ whole }) => whole)))).toBe(hex(data));
        } catch (error) {
          expect(String(error)).toContain('no ASN.1');
        }
      }),
    );
  });

  it('of another kind among several is told by its tag', () => {
    expect(readParts(sequence(integer(0), sequence()), tags.sequence).map(({ tag }) => tag)).toEqual([0x02, 0x30]);
  });
});
