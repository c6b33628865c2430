import { expect, it } from 'vitest';
import { benchMesh } from './mesh.bench.ts';

it('the mesh bench runs and makes the mesh that it was asked for', () => {
  const figures = benchMesh(20, 5, 10);
  expect(figures.many).toMatchObject({ services: 20, endpoints: 200 });
  expect(figures.few).toMatchObject({ services: 5, endpoints: 50 });
});
