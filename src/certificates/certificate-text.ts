/** Certificates as PEM: cut out of files and answers, told apart, and put in order. */
import { X509Certificate } from 'node:crypto';
import { IsthmusError } from '../model/errors.ts';

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const begin = '-----BEGIN CERTIFICATE-----';
/** More are no chain and no bundle that a proxy would want to hold. */
const maxCertificates = 100;

/** One block of PEM. */
export function pemOf(type: 'CERTIFICATE' | 'CERTIFICATE REQUEST', der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${type}-----\n${lines.join('\n')}\n-----END ${type}-----\n`;
}

/**
 * All certificates of a text, each as PEM of its own; text between them is passed over. Throws BAD_DATA, also for a text that
 * ends within a certificate: whoever writes it has not come to its end, and what is missing may be a root.
 */
export function readCertificates(text: string, what: string): readonly string[] {
  const blocks = text.match(block) ?? [];
  if (blocks.length === 0) throw new IsthmusError('BAD_DATA', `${what} holds no certificate in PEM`);
  if (blocks.length > maxCertificates)
    throw new IsthmusError('BAD_DATA', `${what} holds more than ${maxCertificates} certificates`);
  if (isCut(text, blocks.length)) throw new IsthmusError('BAD_DATA', `${what} holds a certificate that is not whole`);
  return blocks.map((pem) => {
    try {
      return new X509Certificate(pem).toString();
    } catch (cause) {
      throw new IsthmusError('BAD_DATA', `${what} holds a certificate that cannot be parsed`, { cause });
    }
  });
}

function isCut(text: string, complete: number): boolean {
  const lastLine = text.slice(text.lastIndexOf('\n') + 1).trimEnd();
  return text.split(begin).length - 1 > complete || (lastLine !== '' && begin.startsWith(lastLine));
}

/** SHA-256 of the certificate, lower-case hexadecimal. */
export function fingerprintOf(pem: string): string {
  return parse(pem).fingerprint;
}

/** The fingerprint of the root that a chain of our own issuer leads to: by its names and keys, no signature is verified. */
export function issuingRoot(chain: readonly string[], roots: readonly string[]): string | undefined {
  const certificates = chain.map((pem) => new X509Certificate(pem));
  const issuing = parsed(roots).find(({ root }) => certificates.some((one) => one.checkIssued(root)));
  return issuing?.fingerprint;
}

interface ParsedRoot {
  readonly root: X509Certificate;
  readonly fingerprint: string;
}

/** By the list: an issuer gives the same one until its roots change, and has thousands of leaves. */
const parsedRoots = new WeakMap<readonly string[], readonly ParsedRoot[]>();

function parsed(roots: readonly string[]): readonly ParsedRoot[] {
  const known = parsedRoots.get(roots) ?? roots.map((pem) => parse(pem));
  parsedRoots.set(roots, known);
  return known;
}

function parse(pem: string): ParsedRoot {
  const root = new X509Certificate(pem);
  return { root, fingerprint: root.fingerprint256.replaceAll(':', '').toLowerCase() };
}

/** Each once, in an order that depends on nothing but what they are. */
export function orderCertificates(pems: readonly string[]): readonly string[] {
  const byFingerprint = new Map(pems.map((pem) => [fingerprintOf(pem), pem]));
  return [...byFingerprint].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pem]) => pem);
}

export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}
