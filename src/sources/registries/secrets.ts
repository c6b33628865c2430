/** What a ServiceRegistry's references stand for, read when it is needed: files are rotated. */
import { readFile } from 'node:fs/promises';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import type { ServiceRegistry } from '../../resources/kinds.ts';
import type { RegistrySecrets } from './registry-client.ts';

/** A token or password is one line; a final line break is the editor's. */
async function readLine(path: string | undefined): Promise<string | undefined> {
  const text = (await readText(path))?.replace(/\r?\n$/, '');
  // Who asks with an empty one asks as a stranger, whom a registry may show nothing and call that all.
  if (text === '') throw new IsthmusError('UNAVAILABLE', `${path} is empty`);
  return text;
}

/** A text that a registry wrote, without what it was told in confidence, in whatever form it repeats that. */
export function withoutSecrets(text: string, { token, password, key }: RegistrySecrets): string {
  return [token, password, key].reduce<string>((shown, secret) => {
    if (secret === undefined || secret.length < shortestSecret) return shown;
    const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())];
    return forms.reduce((hidden, form) => hidden.replaceAll(form, '***'), shown);
  }, text);
}

/** Shorter ones would be found in every text. */
const shortestSecret = 3;

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
