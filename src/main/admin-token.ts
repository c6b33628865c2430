/** The token that guards an admin address, where there is to be one. */
import { readTokenFile } from '../cli/token-file.ts';

/** Throws USAGE when the file holds no token. */
export async function readAdminToken(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : readTokenFile(file);
}
