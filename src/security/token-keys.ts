/**
 * The keys that bootstrap tokens are signed with, in the state folder. The newest signs; those before it verify until their
 * tokens have expired, or not at all, when they are revoked.
 */
import { randomUUID } from 'node:crypto';
import { IsthmusError, messageOf } from '../model/errors.ts';
import type { SecretFile } from './authority-settings.ts';
import { PrivateKey } from './private-key.ts';

export interface TokenKey {
  /** Told in the token's header. */
  readonly id: string;
  readonly key: PrivateKey;
  /** Milliseconds since the epoch after which no token of it is alive; absent for the one that signs. */
  readonly until?: number;
}

/** The newest first, which has no end. */
export type TokenKeys = readonly [TokenKey, ...TokenKey[]];

/** With more rotations than this within the life of a token, the oldest keys go early. */
const maxKeys = 8;

export async function newKeys(): Promise<TokenKeys> {
  return [{ id: randomUUID(), key: await PrivateKey.generate('ecdsa-p256') }];
}

/** A new key before those of now, which verify until `until`. */
export async function withNewKey([signing, ...older]: TokenKeys, now: number, until: number): Promise<TokenKeys> {
  const [fresh] = await newKeys();
  const alive = older.filter((key) => key.until !== undefined && key.until > now);
  return [fresh, ...[{ ...signing, until }, ...alive].slice(0, maxKeys - 1)];
}

/** Throws STATE for a file that holds no keys; never begins anew by itself. */
export async function loadKeys(file: SecretFile): Promise<TokenKeys | undefined> {
  const json = await file.read();
  if (json === undefined) return undefined;
  try {
    return await decodeKeys(json);
  } catch (cause) {
    throw new IsthmusError('STATE', `${file.place} cannot be used: ${messageOf(cause)}. ${file.remedy}`, { cause });
  }
}

export async function storeKeys(file: SecretFile, keys: TokenKeys): Promise<void> {
  await file.write({ keys: keys.map(({ key, ...rest }) => ({ ...rest, key: key.reveal() })) });
}

async function decodeKeys(json: unknown): Promise<TokenKeys> {
  const list: unknown = typeof json === 'object' && json !== null && 'keys' in json ? json.keys : undefined;
  const [signing, ...older] = await Promise.all(Array.isArray(list) ? list.map(decodeKey) : []);
  if (signing === undefined) throw new Error('it holds no keys');
  if (signing.until !== undefined) throw new Error('its first key has an end');
  return [signing, ...older];
}

async function decodeKey(json: unknown): Promise<TokenKey> {
  if (typeof json !== 'object' || json === null || !('id' in json) || !('key' in json))
    throw new Error('it holds a key that is none');
  if (typeof json.id !== 'string' || typeof json.key !== 'string') throw new Error('it holds a key that is none');
  const until = 'until' in json ? json.until : undefined;
  if (until !== undefined && typeof until !== 'number') throw new Error('it holds a key with an end that is no time');
  const key = await PrivateKey.fromPem(json.key);
  return { id: json.id, key, ...(until === undefined ? {} : { until }) };
}
