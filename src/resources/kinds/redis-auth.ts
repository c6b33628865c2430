/** Credentials of Redis: what callers show, or what is shown to the servers. */
import { isDnsSubdomain, isSecretKey } from '../kubernetes-names.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import type { RedisAuthSpec } from '../types/redis.ts';

export function checkRedisAuth(auth: RedisAuthSpec | undefined, path: Path, problems: Problems): void {
  if (auth === undefined) return;
  const { plain, secret } = auth;
  if (plain !== undefined && secret !== undefined) {
    problems.add('ISTH0206', path, 'plain and secret exclude each other.');
  } else if (plain === undefined && secret === undefined) {
    problems.add('ISTH0214', path, 'There are no credentials.', 'Add secret, with the name of a Secret.');
  }
  if (plain?.password === '') problems.add('ISTH0214', [...path, 'plain', 'password'], 'The password is empty.');
  else if (plain !== undefined) {
    const message = 'Everybody who may read the object reads the password.';
    problems.add('ISTH0244', [...path, 'plain', 'password'], message);
  }
  if (secret !== undefined) checkSecret(secret, [...path, 'secret'], problems);
}

/** Proxies of callers read the file that is named so, and show what is in it to servers that the object names. */
function checkSecret(secret: NonNullable<RedisAuthSpec['secret']>, path: Path, problems: Problems): void {
  if (!isDnsSubdomain(secret.name))
    problems.add('ISTH0116', [...path, 'name'], `${quote(secret.name)} is no name of a Secret.`);
  for (const field of ['passwordField', 'usernameField'] as const) {
    const key = secret[field] ?? '';
    if (key === '' || isSecretKey(key)) continue;
    const remedy = 'Name a key of the Secret, of letters, digits, -, _ and . alone.';
    problems.add('ISTH0116', [...path, field], `${quote(key)} is no key of a Secret.`, remedy);
  }
}

/** As Go writes it, an empty field is none. */
export function readRedisAuth({ plain, secret }: RedisAuthSpec): RedisAuthSpec {
  if (plain !== undefined) {
    const { password, username = '' } = plain;
    return { plain: { password, ...(username === '' ? {} : { username }) } };
  }
  if (secret === undefined) return {};
  const { name, passwordField = '', usernameField = '' } = secret;
  return {
    secret: {
      name,
      ...(passwordField === '' ? {} : { passwordField }),
      ...(usernameField === '' ? {} : { usernameField }),
    },
  };
}
