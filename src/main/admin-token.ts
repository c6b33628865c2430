/** The token that guards an admin address, from the file that the user names. */
import { readFile } from 'node:fs/promises';
import { IsthmusError, messageOf } from '../model/errors.ts';

/** Throws USAGE when the file cannot be read or is empty. */
export async function readAdminToken(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new IsthmusError('USAGE', `--admin-token-file ${file} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  if (text.trim() === '') throw new IsthmusError('USAGE', `--admin-token-file ${file} is empty.`);
  return text.trim();
}
