import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineReader } from './line-reader.ts';

it('gives the same lines however their bytes are cut', () => {
  const line = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\n'));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(200)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const reader = new LineReader(1_000);
      const read = at.slice(1).flatMap((end, index) => [...reader.take(bytes.subarray(at[index], end))]);
      expect(read).toEqual(lines.map((text) => Buffer.from(text).toString('utf8')));
    }),
  );
});

it('refuses a line that is too long before its end came', () => {
  const reader = new LineReader(10);
  expect([...reader.take(Buffer.from('0123456789\n01234'))]).toEqual(['0123456789']);
  expect(() => [...reader.take(Buffer.from('567890'))]).toThrow(RangeError);
});
