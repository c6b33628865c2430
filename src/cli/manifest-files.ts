/** Finds the one file among a user's manifests that holds an object, and writes it back as an editor would. */
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
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
    const text = await readFile(file, 'utf8');
    // What cannot be meant is not parsed.
    if (!text.includes(object.name)) continue;
    for (const at of findObjects(text, object)) found.push({ file, text, at });
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

/** In one step: who watches the folder sees the old file or the new one. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const { mode } = await stat(file);
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
          .filter((entry) => entry.isFile() && /^[^.].*\.(ya?ml|json)$/.test(entry.name))
          .map((entry) => path.join(entry.parentPath, entry.name));
      } catch (error) {
        throw new IsthmusError('USAGE', `-f ${one} cannot be read: ${messageOf(error)}.`, { cause: error });
      }
    }),
  );
  return files.flat().sort();
}
