import { expect, it } from 'vitest';
import { measureDecode } from './codec-decode.bench.ts';

it('the decode bench runs, and finds every frame by both codecs', () => {
  const figures = measureDecode(1000);
  expect(figures.map(({ codec, frames }) => [codec, frames])).toEqual([
    ['awesomerpc by its description', 1000],
    ['awesomerpc by hand', 1000],
  ]);
  expect(figures.every(({ decode, decodeRewriteRead }) => decode > 0 && decodeRewriteRead > 0)).toBe(true);
});
