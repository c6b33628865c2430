/** Certificates as PEM: cut out of files and answers, told apart, and put in order. */
import { X509Certificate } from 'node:crypto';
import { IsthmusError } from '../model/errors.ts';

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
/** More are no chain and no bundle that a proxy would want to hold. */
const maxCertificates = 100;

/** All certificates of a text, each as PEM of its own; text between them is passed over. Throws BAD_DATA. */
export function readCertificates(text: string, what: string): readonly string[] {
  const blocks = text.match(block) ?? [];
  if (blocks.length === 0) throw new IsthmusError('BAD_DATA', `${what} holds no certificate in PEM`);
  if (blocks.length > maxCertificates)
    throw new IsthmusError('BAD_DATA', `${what} holds more than ${maxCertificates} certificates`);
  return blocks.map((pem) => {
    try {
      return new X509Certificate(pem).toString();
    } catch (cause) {
      throw new IsthmusError('BAD_DATA', `${what} holds a certificate that cannot be parsed`, { cause });
    }
  });
}

/** SHA-256 of the certificate, lower-case hexadecimal. */
export function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

/** The fingerprint of the root that a chain of our own issuer leads to: by its names and keys, no signature is verified. */
export function issuingRoot(chain: readonly string[], roots: readonly string[]): string | undefined {
  const certificates = chain.map((pem) => new X509Certificate(pem));
  const isIssuer = (root: X509Certificate): boolean => certificates.some((one) => one.checkIssued(root));
  return roots.filter((pem) => isIssuer(new X509Certificate(pem))).map(fingerprintOf)[0];
}

/** Each once, in an order that depends on nothing but what they are. */
export function orderCertificates(pems: readonly string[]): readonly string[] {
  const byFingerprint = new Map(pems.map((pem) => [fingerprintOf(pem), pem]));
  return [...byFingerprint].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pem]) => pem);
}

export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}
