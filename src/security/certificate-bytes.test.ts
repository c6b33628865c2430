/** Certificates and requests are written byte by byte here; what a general library writes of the same content is the measure. */
import '../certificates/metadata-reflection.ts';
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { spiffeId } from '../model/identity.ts';
import { makeLeaf, makeRoot, validityFrom } from './certificate-profile.ts';
import { readParts } from './der-reading.ts';
import { type KeyAlgorithm, keyAlgorithms } from './key-algorithms.ts';
import { PrivateKey } from './private-key.ts';
import { cart, day } from './security-fixture.ts';
import { makeSigningRequest } from './signing-request.ts';

const century = 36_500 * day;
const webAlgorithms = {
  'ecdsa-p256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'ecdsa-p384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'rsa-2048': rsa(2048),
  // Nothing of what is compared depends on its size.
  'rsa-4096': rsa(2048),
} as const;

function rsa(modulusLength: number) {
  return {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength,
    publicExponent: new Uint8Array([1, 0, 1]),
  } as const;
}

/** What a signature of it is of. */
function contentOf(raw: ArrayBuffer): string {
  return Buffer.from(readParts(new Uint8Array(raw), 0x30)[0]?.whole ?? []).toString('hex');
}

/** A certificate of the same number, names, dates and key, signed by any key of the algorithm. */
async function byLibrary(
  { serialNumber, subjectName, issuerName, notBefore, notAfter, publicKey }: X509Certificate,
  algorithm: KeyAlgorithm,
  extensions: readonly Extension[],
): Promise<string> {
  const signingAlgorithm = webAlgorithms[algorithm];
  const { privateKey } = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const names = { subject: subjectName.toJSON(), issuer: issuerName.toJSON() };
  const content = { serialNumber, ...names, notBefore, notAfter, publicKey };
  const extended = { ...content, extensions: [...extensions], signingAlgorithm, signingKey: privateKey };
  return contentOf((await X509CertificateGenerator.create(extended)).rawData);
}

async function rootOf(algorithm: KeyAlgorithm, trustDomain = 'mesh.example') {
  const key = await PrivateKey.generate(algorithm);
  const certificate = new X509Certificate(await makeRoot(key, trustDomain, validityFrom(Date.now(), century)));
  return { key, certificate };
}

const names = (dnsNames: readonly string[]) =>
  new SubjectAlternativeNameExtension(
    [{ type: 'url', value: spiffeId(cart) }, ...dnsNames.map((value) => ({ type: 'dns', value }) as const)],
    true,
  );

describe('what is written byte by byte', () => {
  it.each([
    ...keyAlgorithms.map((algorithm) => [algorithm, 'mesh.example'] as const),
    ['ecdsa-p256', 'with_underscore.example'] as const,
  ])('is a root with %s, of %s, as a library writes it', async (algorithm, trustDomain) => {
    const { certificate } = await rootOf(algorithm, trustDomain);
    const expected = await byLibrary(certificate, algorithm, [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(certificate.publicKey),
    ]);
    expect(contentOf(certificate.rawData)).toBe(expected);
  });

  it.each([
    ['ecdsa-p256', 'ecdsa-p256', 0],
    ['ecdsa-p384', 'ecdsa-p256', 1],
    ['rsa-2048', 'ecdsa-p384', 40],
    ['rsa-2048', 'rsa-2048', 2000],
  ] as const)('is a leaf with %s, of a root with %s and with %d DNS names, too', async (own, of, count) => {
    const signer = await rootOf(of);
    const { publicKey } = await PrivateKey.generate(own);
    const dnsNames = Array.from({ length: count }, (_, at) => `cart-${at}.shop.example`);
    const content = { identity: cart, dnsNames, publicKey, validity: validityFrom(Date.now(), day) };
    const leaf = new X509Certificate(await makeLeaf(signer, content));
    const { digitalSignature, keyEncipherment } = KeyUsageFlags;
    const expected = await byLibrary(leaf, of, [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(own.startsWith('rsa') ? digitalSignature | keyEncipherment : digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      names(dnsNames),
      await SubjectKeyIdentifierExtension.create(new PublicKey(Uint8Array.from(publicKey))),
      await AuthorityKeyIdentifierExtension.create(signer.certificate.publicKey),
    ]);
    expect(contentOf(leaf.rawData)).toBe(expected);
  });

  it.each(keyAlgorithms)('is a request with %s, too', async (algorithm) => {
    const key = await PrivateKey.generate(algorithm);
    const own = new Pkcs10CertificateRequest(await makeSigningRequest(key, cart, ['cart.shop']).pem());
    expect(await own.verify()).toBe(true);
    const signingAlgorithm = webAlgorithms[algorithm];
    const [der, usages] = [Uint8Array.from(key.publicKey), ['verify']] as const;
    const keys = {
      publicKey: await webcrypto.subtle.importKey('spki', der, signingAlgorithm, true, [...usages]),
      privateKey: (await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])).privateKey,
    };
    const extensions = [names(['cart.shop'])];
    const expected = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm, extensions });
    expect(contentOf(own.rawData)).toBe(contentOf(expected.rawData));
  });
});
