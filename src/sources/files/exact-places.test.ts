import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { finding } from '../../model/finding.ts';
import { withExactPlaces } from './exact-places.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-places-'));
  file = join(folder, 'a.yaml');
  await writeFile(
    file,
    '# one\nkind: A\n---\nkind: MetaRouter\nspec:\n  routes:\n    - name: x\n      route: [{ subset: v9 }]\n',
  );
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const at = (line: number, path: string, of = file) =>
  finding('ISTH0507', {
    object: { kind: 'MetaRouter', name: 'r' },
    path,
    message: 'x',
    place: { file: of, line, column: 1 },
  });
const places = async (...findings: Parameters<typeof withExactPlaces>[0]) =>
  (await withExactPlaces(findings)).map(({ place }) => [place?.line, place?.column]);

it('are those of the field, or of what it is missing in', async () => {
  const paths = ['spec.routes[0].route[0].subset', 'spec.routes[0].name', 'spec.nothing'];
  expect(await places(...paths.map((path) => at(4, path)))).toEqual([
    [8, 17],
    [7, 7],
    [5, 1],
  ]);
});

it('stay as they are where there is no such file, or no object at that line', async () => {
  const unknown = [at(4, ''), at(2, 'spec.routes'), at(99, 'kind'), at(4, 'spec', join(folder, 'b'))];
  expect(await withExactPlaces(unknown)).toEqual(unknown);
});
