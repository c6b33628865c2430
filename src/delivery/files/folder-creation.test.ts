import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFolder } from './folder-creation.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'isthmus-folder-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('creating a folder', () => {
  it('creates those that it lies in too, for their owner alone, and leaves what is there', async () => {
    const deep = path.join(root, 'a', 'b', 'c');
    await Promise.all([createFolder(deep), createFolder(`${deep}/`)]);
    await writeFile(path.join(deep, 'kept'), '');
    await createFolder(deep);
    expect((await stat(path.join(deep, 'kept'))).isFile()).toBe(true);
    for (const one of ['a', 'a/b', 'a/b/c']) expect((await stat(path.join(root, one))).mode & 0o777).toBe(0o700);
  });

  it('ends with the error of the system where there is a file, or a link to nothing', async () => {
    const file = path.join(root, 'file');
    await writeFile(file, '');
    await expect(createFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(createFolder(path.join(file, 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await symlink(path.join(root, 'nowhere'), path.join(root, 'link'));
    await expect(createFolder(path.join(root, 'link'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(createFolder('')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  // The kernel lets nobody create anything in there, and says that it is missing.
  it.runIf(process.platform === 'linux')('ends with an error in /proc instead of trying for ever', async () => {
    for (const one of ['/proc/isthmus', '/proc/isthmus/state'])
      await expect(createFolder(one)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
