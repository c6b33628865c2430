import { expect, it } from 'vitest';
import { benchCollections } from './collections.bench.ts';

it('the collections bench runs and counts what it was given', () => {
  const figures = benchCollections(20, 5, 10);
  expect(figures.many).toMatchObject({ services: 20, endpoints: 200 });
  expect(figures.few).toMatchObject({ services: 5, endpoints: 50 });
});
