/**
 * What our certificates look like. Roots: self-signed, may sign leaves and nothing below another authority. Leaves: one SPIFFE
 * id and the DNS names of a workload, an empty subject (so that the names are critical), client and server at once, a serial
 * number of 128 random bits. https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md
 *
 * They are written byte by byte: the form is always the same, and a general library takes milliseconds of the loop for each,
 * while pushes wait.
 */
import { randomBytes } from 'node:crypto';
import { pemOf } from '../certificates/certificate-text.ts';
import { SubjectKeyIdentifierExtension, type X509Certificate } from '../certificates/x509.ts';
import type { Identity } from '../model/identity.ts';
import {
  alternativeNames,
  authorityConstraints,
  authorityKeyIdentifier,
  authorityUsages,
  certificateExtensions,
  clientAndServer,
  keyIdentifierOf,
  leafConstraints,
  rsaUsages,
  signingUsages,
  subjectKeyIdentifier,
} from './certificate-extensions.ts';
import { bitString, directoryString, explicit, integer, objectIdentifier, sequence, setOf, tags, time } from './der.ts';
import { readParts } from './der-reading.ts';
import type { PrivateKey } from './private-key.ts';
import { writeSignatureAlgorithm } from './signature-algorithms.ts';

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
  const name = sequence(
    attribute(organization, trustDomain),
    attribute(commonName, `isthmus root ${randomBytes(4).toString('hex')}`),
  );
  return sign(key, {
    issuer: name,
    validity,
    subject: name,
    publicKey: key.publicKey,
    extensions: [authorityConstraints, authorityUsages, subjectKeyIdentifier(keyIdentifierOf(key.publicKey))],
  });
}

const organization = objectIdentifier('2.5.4.10');
const commonName = objectIdentifier('2.5.4.3');

function attribute(type: Uint8Array, text: string): Uint8Array {
  return setOf(sequence(type, directoryString(text)));
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
  const { identity, dnsNames, publicKey, validity } = content;
  const authority = authorityOf(certificate);
  return sign(key, {
    issuer: authority.subject,
    validity,
    subject: sequence(),
    publicKey,
    extensions: [
      leafConstraints,
      isRsa(publicKey) ? rsaUsages : signingUsages,
      clientAndServer,
      alternativeNames(identity, dnsNames),
      subjectKeyIdentifier(keyIdentifierOf(publicKey)),
      authority.keyIdentifier,
    ],
  });
}

const rsaEncryption = objectIdentifier('1.2.840.113549.1.1.1');

function isRsa(publicKey: Uint8Array): boolean {
  const [algorithm] = readParts(publicKey, tags.sequence);
  return (
    algorithm !== undefined && Buffer.compare(algorithm.content.subarray(0, rsaEncryption.length), rsaEncryption) === 0
  );
}

/** What leaves say of who signed them. */
interface Authority {
  readonly subject: Uint8Array;
  /** The extension. */
  readonly keyIdentifier: Uint8Array;
}

const authorities = new WeakMap<X509Certificate, Authority>();

/** Looked up once for each authority. */
function authorityOf(certificate: X509Certificate): Authority {
  const known = authorities.get(certificate) ?? readAuthority(certificate);
  authorities.set(certificate, known);
  return known;
}

/** Its name letter for letter, and its key as it calls it itself, where it does. */
function readAuthority(certificate: X509Certificate): Authority {
  const [content] = readParts(new Uint8Array(certificate.rawData), tags.sequence);
  const fields = readParts(content?.whole ?? new Uint8Array(), tags.sequence);
  // The version is left out where it is the first, as old roots have it.
  const subject = fields[fields[0]?.tag === tags.integer ? 4 : 5];
  const own = certificate.getExtension(SubjectKeyIdentifierExtension)?.keyId;
  const keyIdentifier =
    own === undefined ? keyIdentifierOf(new Uint8Array(certificate.publicKey.rawData)) : Buffer.from(own, 'hex');
  return { subject: subject?.whole ?? sequence(), keyIdentifier: authorityKeyIdentifier(keyIdentifier) };
}

/** Issuer and subject are whole names, and extensions whole extensions. */
interface Content {
  readonly issuer: Uint8Array;
  readonly validity: Validity;
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Uint8Array[];
}

/** https://www.rfc-editor.org/rfc/rfc5280#section-4.1 */
async function sign(key: PrivateKey, content: Content): Promise<string> {
  const { issuer, validity, subject, publicKey, extensions } = content;
  const algorithm = writeSignatureAlgorithm(key.parameters);
  const signed = sequence(
    explicit(0, integer(version3)),
    serialNumber(),
    algorithm,
    issuer,
    sequence(time(validity.notBefore), time(validity.notAfter)),
    subject,
    publicKey,
    certificateExtensions(...extensions),
  );
  return pemOf('CERTIFICATE', sequence(signed, algorithm, bitString(await key.sign(signed))));
}

const version3 = 2;

/** 16 random bytes behind one that keeps the number positive and its length the same. */
function serialNumber(): Uint8Array {
  return integer(1, ...randomBytes(16));
}
