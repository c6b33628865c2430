/** The token that guards an admin address, from the file that the user names. */
import { readNamedFile } from '../cli/named-files.ts';
import { IsthmusError } from '../model/errors.ts';

/** Throws USAGE when the file cannot be read or is empty. */
export async function readAdminToken(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const token = (await readNamedFile(file, '--admin-token-file')).toString('utf8').trim();
  if (token === '') throw new IsthmusError('USAGE', `--admin-token-file ${file} is empty.`);
  return token;
}
