/** The token of an admin address, from the file that the user names: for who guards the address, and for who asks there. */
import { IsthmusError } from '../model/errors.ts';
import { readNamedFile } from './named-files.ts';

/** Blanks around the token do not count. Throws USAGE when there is none, or one that no HTTP header can carry. */
export async function readTokenFile(file: string): Promise<string> {
  const token = (await readNamedFile(file, '--admin-token-file')).toString('utf8').trim();
  if (token === '') throw new IsthmusError('USAGE', `--admin-token-file ${file} is empty.`);
  if (/[^ -~]/.test(token))
    throw new IsthmusError('USAGE', `--admin-token-file ${file} holds no token: one line of printable ASCII.`);
  return token;
}
