/**
 * Creates a folder and those that it lies in. Node's own way, `recursive`, goes round for ever where a file system says of
 * a folder that is there that it is not, as /proc does when something is to be created in it.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What is created only its owner can enter. Rejects with the error of the system where a folder cannot be had. */
export async function createFolder(path: string): Promise<void> {
  try {
    await createLast(path);
  } catch (error) {
    const parent = dirname(path);
    if (!isMissing(error) || parent === path) throw error;
    await createFolder(parent);
    await createLast(path);
  }
}

async function createLast(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (isMissing(error)) throw error;
    const look = await stat(path).catch(() => undefined);
    if (look?.isDirectory() !== true) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
