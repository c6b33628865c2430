/** What a ServiceRegistry's references stand for, read when it is needed: files and Secrets are rotated. */

import { readRegularFile } from '../../local-files/regular-file.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import type { ServiceRegistry } from '../../resources/kinds.ts';
import type { RegistrySecrets } from './registry-client.ts';
import { credentialsIn, type SecretStore } from './secret-contents.ts';

/** A token or password is one line; a final line break is the editor's. */
async function readLine(path: string | undefined): Promise<string | undefined> {
  const text = (await readText(path))?.replace(/\r?\n$/, '');
  // Who asks with an empty one asks as a stranger, whom a registry may show nothing and call that all.
  if (text === '') throw new IsthmusError('UNAVAILABLE', `${path} is empty`);
  return text;
}

/**
 * A text that a registry wrote, without what it was told in confidence, in whatever form it repeats that, and without its parts:
 * texts are cut.
 */
export function withoutSecrets(text: string, { token, username, password, key }: RegistrySecrets): string {
  const login = username === undefined || password === undefined ? undefined : `${username}:${password}`;
  const encoded = login === undefined ? undefined : Buffer.from(login).toString('base64');
  return [token, password, key, encoded].reduce<string>((shown, secret) => {
    if (secret === undefined || secret.length < shortestSecret) return shown;
    const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())];
    return forms.reduce((hidden, form) => withoutParts(hidden.replaceAll(form, '***'), form), shown);
  }, text);
}

/** Each part of the secret that is long enough to tell something of it. */
function withoutParts(text: string, secret: string): string {
  let shown = '';
  for (let at = 0; at < text.length; ) {
    let end = at + shortestPart;
    if (end > text.length || !secret.includes(text.slice(at, end))) {
      shown += text[at++];
      continue;
    }
    while (end < text.length && secret.includes(text.slice(at, end + 1))) end++;
    shown += '***';
    at = end;
  }
  return shown;
}

/** Shorter ones would be found in every text. */
const shortestSecret = 3;
const shortestPart = 12;

/**
 * `store`: where Secrets are; absent outside of Kubernetes. Rejects with UNAVAILABLE where a file or a Secret cannot be read;
 * what they hold is in no message.
 */
export async function readSecrets(
  { type, tls, credentials }: Pick<ServiceRegistry['spec'], 'type' | 'tls' | 'credentials'>,
  store?: SecretStore,
): Promise<RegistrySecrets> {
  const secretRef = credentials?.secretRef;
  if (secretRef !== undefined && store === undefined)
    throw new IsthmusError(
      'UNAVAILABLE',
      'spec.credentials.secretRef is read by a control plane in Kubernetes; give files instead',
    );
  const contents = secretRef === undefined ? undefined : await store?.(secretRef);
  const inSecret = secretRef === undefined || contents === undefined ? {} : credentialsIn(secretRef, contents, type);
  const [token, username, password, ca, cert, key] = await Promise.all([
    readLine(credentials?.tokenFile),
    readLine(credentials?.usernameFile),
    readLine(credentials?.passwordFile),
    readText(tls?.caFile),
    readText(tls?.certFile),
    readText(tls?.keyFile),
  ]);
  return {
    ...inSecret,
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
    return await readRegularFile(path);
  } catch (error) {
    throw new IsthmusError('UNAVAILABLE', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
