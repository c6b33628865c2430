import { chmod, lstat, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { findManifest, replaceFile } from './manifest-files.ts';

const plan = { kind: 'MigrationPlan', namespace: 'shop', name: 'orders' };
const text = 'kind: MigrationPlan\nmetadata: { name: orders, namespace: shop }\nspec: { stage: Join }\n';
let folder = '';
const at = (name: string): string => path.join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isthmus-manifests-'));
  onTestFinished(() => rm(folder, { recursive: true }));
});

it('finds an object behind a link, once, and writes the file that the link leads to', async () => {
  await writeFile(at('real.txt'), text);
  await symlink(at('real.txt'), at('plan.yaml'));
  await symlink(at('real.txt'), at('same.yaml'));
  await symlink(at('nowhere'), at('broken.yaml'));
  const found = await findManifest([folder], plan);
  expect(found).toMatchObject({ text, at: 0 });
  await replaceFile(found.file, 'changed\n');
  expect(await readFile(at('real.txt'), 'utf8')).toBe('changed\n');
  expect((await lstat(at('plan.yaml'))).isSymbolicLink()).toBe(true);
});

it('does not touch a file that it could not write back byte by byte', async () => {
  const bytes = Buffer.concat([Buffer.from(`${text}---\nname: CAF`), Buffer.from([0xe9, 0x0a])]);
  await writeFile(at('plan.yaml'), bytes);
  await expect(findManifest([folder], plan)).rejects.toThrow(/plan\.yaml holds bytes that are no UTF-8/);
  expect(await readFile(at('plan.yaml'))).toEqual(bytes);
});

it('does not replace a file that is read-only', async () => {
  await writeFile(at('plan.yaml'), text);
  await chmod(at('plan.yaml'), 0o444);
  await expect(replaceFile(at('plan.yaml'), 'changed\n')).rejects.toThrow(/is read-only: nothing was changed/);
  expect(await readFile(at('plan.yaml'), 'utf8')).toBe(text);
});
