import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { X509Certificate as Parsed } from '../certificates/x509.ts';
import { type LeafContent, makeLeaf, makeRoot, type Signer, validityFrom } from './certificate-profile.ts';
import { type KeyAlgorithm, keyAlgorithms } from './key-algorithms.ts';
import { PrivateKey } from './private-key.ts';

const day = 24 * 3_600_000;
const identity = { trustDomain: 'mesh.example', namespace: 'shop', serviceAccount: 'cart' };
const folder = mkdtempSync(join(tmpdir(), 'isthmus-certificates-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function root(algorithm: KeyAlgorithm): Promise<Signer & { readonly pem: string }> {
  const key = await PrivateKey.generate(algorithm);
  const pem = await makeRoot(key, 'mesh.example', validityFrom(Date.now(), 3650 * day));
  return { key, pem, certificate: new Parsed(pem) };
}

async function leaf(signer: Signer, changes: Partial<LeafContent> = {}): Promise<string> {
  const { publicKey } = await PrivateKey.generate('ecdsa-p256');
  const validity = validityFrom(Date.now(), day);
  return makeLeaf(signer, { identity, dnsNames: ['cart.shop'], publicKey, validity, ...changes });
}

/** What OpenSSL says of a leaf under a root. */
function openssl(rootPem: string, leafPem: string, ...more: readonly string[]): string {
  writeFileSync(join(folder, 'root.pem'), rootPem);
  writeFileSync(join(folder, 'leaf.pem'), leafPem);
  const files = ['-CAfile', join(folder, 'root.pem'), join(folder, 'leaf.pem')];
  return execFileSync('openssl', ['verify', '-x509_strict', ...more, ...files], { encoding: 'utf8', stdio: 'pipe' });
}

describe('a leaf', () => {
  it.each(keyAlgorithms)('of a root with %s is one for OpenSSL, as a client and as a server', async (algorithm) => {
    const signer = await root(algorithm);
    const pem = await leaf(signer);
    for (const purpose of ['sslclient', 'sslserver'])
      expect(openssl(signer.pem, pem, '-purpose', purpose)).toMatch(/: OK\n$/);
    expect(openssl(signer.pem, pem, '-verify_hostname', 'cart.shop')).toMatch(/: OK\n$/);
  });

  it('carries its SPIFFE id and its DNS names, and nothing else', async () => {
    const pem = await leaf(await root('ecdsa-p256'));
    const { subject, subjectAltName, ca } = new X509Certificate(pem);
    expect({ subject, subjectAltName, ca }).toEqual({
      subject: undefined,
      subjectAltName: 'URI:spiffe://mesh.example/ns/shop/sa/cart, DNS:cart.shop',
      ca: false,
    });
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: pem, encoding: 'utf8' });
    expect(text).toMatch(/Alternative Name: critical/);
    expect(text).toMatch(/Key Usage: critical\n *Digital Signature\n/);
    expect(text).toMatch(/Basic Constraints: critical\n *CA:FALSE\n/);
  });

  it('with an RSA key may encipher keys with it too', async () => {
    const { publicKey } = await PrivateKey.generate('rsa-2048');
    const pem = await leaf(await root('ecdsa-p256'), { publicKey });
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: pem, encoding: 'utf8' });
    expect(text).toContain('Digital Signature, Key Encipherment');
  });

  it('says by which of two roots it was signed', async () => {
    const [first, second] = [await root('ecdsa-p256'), await root('ecdsa-p256')];
    const pem = await leaf(first);
    expect(new X509Certificate(pem).checkIssued(new X509Certificate(first.pem))).toBe(true);
    expect(new X509Certificate(pem).checkIssued(new X509Certificate(second.pem))).toBe(false);
    expect(openssl(second.pem + first.pem, pem)).toMatch(/: OK\n$/);
    expect(() => openssl(second.pem, pem)).toThrow();
  });

  it('has a serial number of its own, 128 random bits long', async () => {
    const signer = await root('ecdsa-p256');
    const numbers = await Promise.all([1, 2, 3].map(async () => new X509Certificate(await leaf(signer)).serialNumber));
    expect(new Set(numbers).size).toBe(3);
    for (const number of numbers) expect(number).toMatch(/^01[0-9A-F]{32}$/);
  });

  it('is valid five minutes before it was made, and not longer than it was asked for in all', () => {
    const { notBefore, notAfter } = validityFrom(1e12, day);
    expect([1e12 - notBefore, notAfter - notBefore]).toEqual([300_000, day]);
  });

  it('of a short life is still valid for most of it', () => {
    const { notBefore, notAfter } = validityFrom(1e12, 60_000);
    expect([1e12 - notBefore, notAfter - 1e12]).toEqual([6_000, 54_000]);
  });
});

describe('a root', () => {
  it('may sign leaves, and no other authority', async () => {
    const { pem } = await root('ecdsa-p256');
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], { input: pem, encoding: 'utf8' });
    expect(text).toMatch(/Basic Constraints: critical\n *CA:TRUE, pathlen:0\n/);
    expect(text).toMatch(/Key Usage: critical\n *Certificate Sign, CRL Sign\n/);
    expect(openssl(pem, pem)).toMatch(/: OK\n$/);
  });
});
