import { expect, it } from 'vitest';
import { measureFiles } from './files.bench.ts';

it('the files bench reads every endpoint and sees every change', async () => {
  const figures = await measureFiles({ files: 3, entriesPerFile: 4, endpointsPerEntry: 5 }, 4);
  expect(figures).toMatchObject({ files: 3, entries: 12, endpoints: 60 });
});
