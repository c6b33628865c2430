/** What a ServiceRegistry's references stand for, read when it is needed: files are rotated. */
import { readFile } from 'node:fs/promises';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import type { ServiceRegistry } from '../../resources/kinds.ts';
import type { RegistrySecrets } from './registry-client.ts';

/** A token or password is one line; a final line break is the editor's. */
const readLine = async (path: string | undefined): Promise<string | undefined> =>
  (await readText(path))?.replace(/\r?\n$/, '');

/** Rejects with UNAVAILABLE where a file cannot be read; what it holds is in no message. */
export async function readSecrets({ tls, credentials }: ServiceRegistry['spec']): Promise<RegistrySecrets> {
  if (credentials?.secretRef !== undefined)
    throw new IsthmusError('UNAVAILABLE', 'spec.credentials.secretRef needs Kubernetes; give files instead');
  const [token, username, password, ca, cert, key] = await Promise.all([
    readLine(credentials?.tokenFile),
    readLine(credentials?.usernameFile),
    readLine(credentials?.passwordFile),
    readText(tls?.caFile),
    readText(tls?.certFile),
    readText(tls?.keyFile),
  ]);
  return {
    ...(token === undefined ? {} : { token }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function readText(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new IsthmusError('UNAVAILABLE', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
