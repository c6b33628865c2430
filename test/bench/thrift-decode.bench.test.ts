import { expect, it } from 'vitest';
import { measureThriftDecode } from './thrift-decode.bench.ts';

it('the Thrift decode bench runs, and reads every message in each transport and protocol', () => {
  const figures = measureThriftDecode(1000);
  expect(figures.map(({ flavour, frames }) => [flavour, frames])).toEqual(
    [
      'framed binary',
      'framed binary-lax',
      'framed compact',
      'header binary',
      'unframed binary',
      'unframed binary-lax',
      'unframed compact',
    ].map((flavour) => [flavour, 1000]),
  );
  expect(figures.every(({ decode, decodeRewriteRead }) => decode > 0 && decodeRewriteRead > 0)).toBe(true);
});
