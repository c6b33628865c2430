import { expect, it } from 'vitest';
import { measureDubboDecode } from './dubbo-decode.bench.ts';

it('the Dubbo decode bench runs, and reads what it asks for', () => {
  const figures = measureDubboDecode(1000);
  expect(figures.map(({ asked }) => asked)).toEqual(['header', 'interface', 'attachment', 'mutation']);
  expect(figures.every(({ framesPerSecond }) => framesPerSecond > 0)).toBe(true);
});
