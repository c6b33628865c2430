/** Credentials of Redis: what callers show, or what is shown to the servers. */
import { isDnsSubdomain } from '../kubernetes-names.ts';
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
  if (secret !== undefined && !isDnsSubdomain(secret.name))
    problems.add('ISTH0116', [...path, 'secret', 'name'], `${quote(secret.name)} is no name of a Secret.`);
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
