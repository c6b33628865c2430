/**
 * What our certificates look like. Roots: self-signed, may sign leaves and nothing below another authority. Leaves: one SPIFFE
 * id and the DNS names of a workload, an empty subject (so that the names are critical), client and server at once, a serial
 * number of 128 random bits. https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md
 */
import { randomBytes } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '../certificates/x509.ts';
import { type Identity, spiffeId } from '../model/identity.ts';
import type { PrivateKey } from './private-key.ts';

/** Milliseconds since the epoch; certificates count in seconds, so fractions are cut off. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** For peers whose clocks are behind. */
const longestBackdateMs = 5 * 60_000;

/** A life that begins a little before now, and is as long as asked in all. */
export function validityFrom(now: number, lifetimeMs: number): Validity {
  const notBefore = now - Math.min(longestBackdateMs, lifetimeMs / 10);
  return { notBefore, notAfter: notBefore + lifetimeMs };
}

/** PEM. The name tells roots of one trust domain apart for those who read it; programs go by the key identifiers. */
export async function makeRoot(key: PrivateKey, trustDomain: string, validity: Validity): Promise<string> {
  const publicKey = new PublicKey(key.publicKey);
  const name = [{ O: [trustDomain] }, { CN: [`isthmus root ${randomBytes(4).toString('hex')}`] }];
  const root = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: name,
    issuer: name,
    ...dates(validity),
    publicKey,
    signingKey: key.signingKey,
    signingAlgorithm: key.parameters,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return pem(root);
}

/** Who signs: a certificate of an authority and its key. */
export interface Signer {
  readonly certificate: X509Certificate;
  readonly key: PrivateKey;
}

export interface LeafContent {
  readonly identity: Identity;
  readonly dnsNames: readonly string[];
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;
  readonly validity: Validity;
}

/** PEM. */
export async function makeLeaf({ certificate, key }: Signer, content: LeafContent): Promise<string> {
  const publicKey = new PublicKey(Uint8Array.from(content.publicKey));
  const isRsa = publicKey.algorithm.name.startsWith('RSA');
  const usages = KeyUsageFlags.digitalSignature | (isRsa ? KeyUsageFlags.keyEncipherment : 0);
  const leaf = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    issuer: certificate.subjectName,
    ...dates(content.validity),
    publicKey,
    signingKey: key.signingKey,
    signingAlgorithm: key.parameters,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(usages, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      alternativeNames(content.identity, content.dnsNames),
      await SubjectKeyIdentifierExtension.create(publicKey),
      await authorityKeyIdentifier(certificate),
    ],
  });
  return pem(leaf);
}

/** The names of a workload; critical, since there is no subject beside them. */
export function alternativeNames(identity: Identity, dnsNames: readonly string[]): SubjectAlternativeNameExtension {
  const names = dnsNames.map((value) => ({ type: 'dns', value }) as const);
  return new SubjectAlternativeNameExtension([{ type: 'url', value: spiffeId(identity) }, ...names], true);
}

const keyIdentifiers = new WeakMap<X509Certificate, Promise<AuthorityKeyIdentifierExtension>>();

/** As the authority calls its key itself, where it does; looked up once for each authority. */
function authorityKeyIdentifier(authority: X509Certificate): Promise<AuthorityKeyIdentifierExtension> {
  const known = keyIdentifiers.get(authority) ?? readKeyIdentifier(authority);
  keyIdentifiers.set(authority, known);
  return known;
}

async function readKeyIdentifier(authority: X509Certificate): Promise<AuthorityKeyIdentifierExtension> {
  const known = authority.getExtension(SubjectKeyIdentifierExtension);
  if (known !== null) return new AuthorityKeyIdentifierExtension(known.keyId);
  return AuthorityKeyIdentifierExtension.create(authority.publicKey);
}

/** 16 random bytes behind one that keeps the number positive and its length the same. */
function serialNumber(): string {
  return `01${randomBytes(16).toString('hex')}`;
}

function dates({ notBefore, notAfter }: Validity): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: wholeSeconds(notBefore), notAfter: wholeSeconds(notAfter) };
}

function wholeSeconds(time: number): Date {
  return new Date(Math.floor(time / 1000) * 1000);
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
