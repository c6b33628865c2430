import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { keyAlgorithms } from './key-algorithms.ts';
import { PrivateKey } from './private-key.ts';

describe('a private key', () => {
  it('is in no JSON, no log, no inspection and no text', async () => {
    const key = await PrivateKey.generate('ecdsa-p256');
    const held = { certificate: 'x', key, keys: new Map([['a', key]]) };
    const logged: string[] = [];
    pino({}, { write: (line: string) => logged.push(line) }).info(held, `made ${key}`);
    const shown = [JSON.stringify(held), inspect(held, { depth: 9, showHidden: true }), `${key}`, ...logged].join('\n');
    expect(shown).toContain('[private key]');
    expect(shown).not.toMatch(/BEGIN|"d":|PRIVATE/);
    const secret = createPrivateKey(key.reveal()).export({ format: 'jwk' }).d ?? 'absent';
    for (const form of ['base64', 'hex', 'base64url'] as const)
      expect(shown).not.toContain(Buffer.from(secret, 'base64url').toString(form));
  });

  it.each(keyAlgorithms)('of %s is the same when it was written and read', async (algorithm) => {
    const key = await PrivateKey.generate(algorithm);
    const read = await PrivateKey.fromPem(key.reveal());
    expect(read.reveal()).toBe(key.reveal());
    expect(Buffer.from(read.publicKey).equals(key.publicKey)).toBe(true);
    expect(read.parameters).toEqual(key.parameters);
  });

  it.each([
    [
      'SEC 1',
      () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'sec1' }),
    ],
    [
      'PKCS #1',
      () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs1' }),
    ],
  ])('is read from %s', async (_, make) => {
    expect((await PrivateKey.fromPem(make().toString())).reveal()).toContain('BEGIN PRIVATE KEY');
  });

  it('of a kind that Envoy does not take, or that is too small, is refused', async () => {
    const others = [
      generateKeyPairSync('ed25519').privateKey,
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
    ];
    for (const key of others) {
      const pem = key.export({ format: 'pem', type: 'pkcs8' }).toString();
      await expect(PrivateKey.fromPem(pem)).rejects.toThrow('neither ECDSA');
    }
  });

  it('that is damaged is refused in words that do not repeat it', async () => {
    const pem = (await PrivateKey.generate('ecdsa-p256')).reveal();
    const damaged = pem.replace('MIG', 'MIH');
    const error: unknown = await PrivateKey.fromPem(damaged).catch((reason: unknown) => reason);
    expect(inspect(error)).toContain('cannot be read');
    expect(inspect(error)).not.toContain(pem.slice(40, 60));
  });
});
