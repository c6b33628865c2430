/** A token from the file that the user names: of an admin address, for who guards it and for who asks there; or of a proxy. */
import { IsthmusError } from '../model/errors.ts';
import { readNamedFile } from './named-files.ts';

/** Blanks around the token do not count. Throws USAGE when there is none, or one that no HTTP header can carry. */
export async function readTokenFile(file: string, flag = '--admin-token-file'): Promise<string> {
  const token = (await readNamedFile(file, flag)).toString('utf8').trim();
  if (token === '') throw new IsthmusError('USAGE', `${flag} ${file} is empty.`);
  if (/[^ -~]/.test(token))
    throw new IsthmusError('USAGE', `${flag} ${file} holds no token: one line of printable ASCII.`);
  return token;
}
