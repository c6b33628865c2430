/** Finds the one file among a user's manifests that holds an object, and writes it back as an editor would. */
import { isUtf8 } from 'node:buffer';
import { readdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { findObjects, type ManifestObject } from '../resources/manifest-edit.ts';

export interface FoundManifest {
  readonly file: string;
  readonly text: string;
  /** Which of its documents. */
  readonly at: number;
}

/** Throws USAGE for paths that cannot be read, BAD_DATA where there is no such object, or more than one. */
export async function findManifest(paths: readonly string[], object: ManifestObject): Promise<FoundManifest> {
  const found: FoundManifest[] = [];
  for (const file of await manifestFiles(paths)) {
    const bytes = await readFile(file);
    const text = bytes.toString('utf8');
    // What cannot be meant is not parsed.
    if (!text.includes(object.name)) continue;
    const places = findObjects(text, object);
    // Written back, they would not be the same any more.
    if (places.length > 0 && !isUtf8(bytes))
      throw new IsthmusError('BAD_DATA', `${file} holds bytes that are no UTF-8: correct them, or edit it by hand.`);
    for (const at of places) found.push({ file, text, at });
  }
  const [one, another] = found;
  const named = `${object.kind} ${object.namespace ?? ''}${object.namespace === undefined ? '' : '/'}${object.name}`;
  if (one === undefined) throw new IsthmusError('BAD_DATA', `There is no ${named} in ${paths.join(', ')}.`);
  if (another !== undefined) {
    const files = found.map(({ file }) => file).join(', ');
    throw new IsthmusError('BAD_DATA', `${named} stands more than once: ${files}. Keep one, or say which file by -f.`);
  }
  return one;
}

/**
 * In one step: who watches the folder sees the old file or the new one. Of a link it is the file that it leads to. Throws
 * BAD_DATA for a file that is read-only.
 */
export async function replaceFile(named: string, text: string): Promise<void> {
  const file = await realpath(named);
  const { mode } = await stat(file);
  if ((mode & 0o222) === 0) throw new IsthmusError('BAD_DATA', `${file} is read-only: nothing was changed.`);
  const fresh = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}`);
  await writeFile(fresh, text, { mode });
  await rename(fresh, file);
}

async function manifestFiles(paths: readonly string[]): Promise<readonly string[]> {
  const files = await Promise.all(
    paths.map(async (one) => {
      try {
        if (!(await stat(one)).isDirectory()) return [one];
        const entries = await readdir(one, { recursive: true, withFileTypes: true });
        return entries
          .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && /^[^.].*\.(ya?ml|json)$/.test(entry.name))
          .map((entry) => path.join(entry.parentPath, entry.name));
      } catch (error) {
        throw new IsthmusError('USAGE', `-f ${one} cannot be read: ${messageOf(error)}.`, { cause: error });
      }
    }),
  );
  return distinctFiles(files.flat().sort());
}

/** A file and a link to it are one; a link to nothing, or to a folder, is none. */
async function distinctFiles(files: readonly string[]): Promise<readonly string[]> {
  const targets = new Map<string, string>();
  for (const file of files) {
    const target = await realpath(file).catch(() => undefined);
    if (target === undefined || targets.has(target) || !(await stat(target)).isFile()) continue;
    targets.set(target, file);
  }
  return [...targets.values()];
}
