import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { isUsableKeySet } from './key-sets.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const set = (...keys: readonly unknown[]): string => JSON.stringify({ keys });

test.each([
  [set(rsa)],
  [set({ ...rsa, alg: 'RS256', kid: '1', use: 'sig', key_ops: ['verify'] })],
  [set({ ...ec, alg: 'ES256' })],
  [set({ kty: 'oct', k: 'YWJj', alg: 'HS256' })],
  [set({ kty: 'none' }, rsa)],
])('%.60s is a set with a key', (text) => {
  expect(isUsableKeySet(text)).toBe(true);
});

test.each([
  [''],
  ['[]'],
  ['{"keys":{}}'],
  [set()],
  [set(null, 'a', {})],
  [set({ ...rsa, n: undefined })],
  [set({ ...rsa, alg: 'HS256' })],
  [set({ ...ec, x: 'AAAA' })],
  [set({ kty: 'oct', k: '' })],
])('%.60s is none that a proxy takes', (text) => {
  expect(isUsableKeySet(text)).toBe(false);
});
