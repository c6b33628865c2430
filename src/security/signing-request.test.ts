import { execFileSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { bitString, integer, sequence } from './der.ts';
import { keyAlgorithms } from './key-algorithms.ts';
import { PrivateKey } from './private-key.ts';
import { writeSignatureAlgorithm } from './signature-algorithms.ts';
import { makeSigningRequest, maxSigningRequestLength, readSigningRequest } from './signing-request.ts';

const identity = { trustDomain: 'mesh.example', namespace: 'shop', serviceAccount: 'cart' };
const folder = mkdtempSync(join(tmpdir(), 'isthmus-requests-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A request made by OpenSSL, with a key that it makes, and with a subject of the sender's choice. */
function opensslRequest(key: readonly string[], ...more: readonly string[]): string {
  const keyFile = join(folder, 'key.pem');
  const options = ['-nodes', '-keyout', keyFile, '-subj', '/CN=root', '-addext', 'subjectAltName=DNS:bank.example'];
  return execFileSync('openssl', ['req', '-new', ...key, ...options, ...more], { encoding: 'utf8', stdio: 'pipe' });
}

const p256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

async function refusal(pem: string): Promise<string> {
  const reading = await readSigningRequest(pem);
  return reading.kind === 'refused' ? reading.reason : 'accepted';
}

describe('a signing request', () => {
  it.each([
    ['P-256', p256],
    ['P-384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384']],
    ['RSA', ['-newkey', 'rsa:2048']],
  ])('of OpenSSL with a key of %s gives its public key', async (_, key) => {
    const pem = opensslRequest(key);
    const expected = execFileSync('openssl', ['req', '-pubkey', '-noout'], { input: pem, encoding: 'utf8' });
    const reading = await readSigningRequest(pem);
    if (reading.kind === 'refused') throw new Error(reading.reason);
    const read = createPublicKey({ key: Buffer.from(reading.request.publicKey), format: 'der', type: 'spki' });
    expect(read.export({ format: 'pem', type: 'spki' })).toBe(expected);
  });

  it.each(keyAlgorithms)('of ours with a key of %s is one for OpenSSL, and for us', async (algorithm) => {
    const key = await PrivateKey.generate(algorithm);
    const pem = await makeSigningRequest(key, identity, ['cart.shop']).pem();
    const text = execFileSync('openssl', ['req', '-verify', '-noout', '-text'], {
      input: pem,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(text).toContain('URI:spiffe://mesh.example/ns/shop/sa/cart, DNS:cart.shop');
    const reading = await readSigningRequest(pem);
    expect(reading).toMatchObject({ kind: 'request', request: { publicKey: key.publicKey } });
  });

  it('is taken without wishes, as some programs write it; not with another signature, or with more behind it', async () => {
    const key = await PrivateKey.generate('ecdsa-p256');
    const signed = sequence(integer(0), sequence(), key.publicKey);
    const signature = bitString(await key.sign(signed));
    const [own, rsas] = [key.parameters, { type: 'rsa', hash: 'sha256' } as const].map(writeSignatureAlgorithm);
    const request = (...parts: readonly Uint8Array[]): string => toPem(Buffer.from(sequence(...parts)));
    const [algorithm, another] = [own ?? sequence(), rsas ?? sequence()];
    expect(await refusal(request(signed, algorithm, signature))).toBe('accepted');
    expect(await refusal(request(signed, another, signature))).toBe('its signature is not that of its key');
    expect(await refusal(request(signed, algorithm, signature, signature))).toBe('it cannot be parsed');
    expect(await refusal(request(signed, algorithm))).toBe('it cannot be parsed');
    expect(await refusal(request(sequence(integer(1), sequence(), key.publicKey), algorithm, signature))).toBe(
      'it cannot be parsed',
    );
  });

  it('whose sender does not have the key is refused', async () => {
    const [first, second] = [await PrivateKey.generate('ecdsa-p256'), await PrivateKey.generate('ecdsa-p256')];
    const pem = await makeSigningRequest(first, identity, []).pem();
    const der = Buffer.from(pem.replace(/-----.*-----|\s/g, ''), 'base64');
    const at = der.indexOf(Buffer.from(first.publicKey));
    Buffer.from(second.publicKey).copy(der, at);
    expect(await refusal(toPem(der))).toBe('its signature is not that of its key');
  });

  it.each([
    ['a key that is too small', ['-newkey', 'rsa:1024'], [], /its key is neither/],
    [
      'a curve that Envoy does not take',
      ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'],
      [],
      /its key is neither/,
    ],
    ['a key for signatures that few verify', ['-newkey', 'ed25519'], [], /its key is neither/],
    ['a broken hash', ['-newkey', 'rsa:2048'], ['-sha1'], /it is not signed by/],
  ] as const)('with %s is refused', async (_, key, more, reason) => {
    expect(await refusal(opensslRequest(key, ...more))).toMatch(reason);
  });

  it.each([
    ['nothing', ''],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'],
    ['two blocks', `${opensslRequest(p256)}${opensslRequest(p256)}`],
    ['text before it', `key: ${opensslRequest(p256)}`],
    ['no content', '-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----'],
  ])('that is %s is refused', async (_, pem) => {
    expect(await refusal(pem)).toMatch(/PEM block|parsed/);
  });

  it('is refused by its length before anything else of it is looked at', async () => {
    expect(await refusal('x'.repeat(maxSigningRequestLength + 1))).toMatch(/longer than/);
    expect(await refusal('x'.repeat(maxSigningRequestLength))).toMatch(/PEM block/);
  });

  it('of which a byte was changed is refused or keeps its key, and never throws', async () => {
    const pem = opensslRequest(p256);
    const original = await readSigningRequest(pem);
    if (original.kind === 'refused') throw new Error(original.reason);
    const der = Buffer.from(pem.replace(/-----.*-----|\s/g, ''), 'base64');
    await fc.assert(
      fc.asyncProperty(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const changed = Buffer.from(der);
        changed[at] = (changed[at] ?? 0) ^ bits;
        const reading = await readSigningRequest(toPem(changed));
        if (reading.kind === 'request') expect(reading.request.publicKey).toEqual(original.request.publicKey);
        else expect(reading.reason).toMatch(/parsed|signature|signed by|its key/);
      }),
      { numRuns: 150 },
    );
  });

  it('that is nested as deep as it is long is refused', async () => {
    const depth = 3000;
    const nested = Buffer.concat(
      Array.from({ length: depth }, (_, n) => {
        const length = 4 * (depth - n - 1);
        return Buffer.from([0x30, 0x82, length >> 8, length & 0xff]);
      }),
    );
    expect(await refusal(toPem(nested))).toBe('it cannot be parsed');
  });
});

function toPem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}
