/** What certificates say beside names, dates and a key, each as a whole extension. https://www.rfc-editor.org/rfc/rfc5280#section-4.2 */
import { hash } from 'node:crypto';
import { IsthmusError } from '../model/errors.ts';
import { type Identity, spiffeId } from '../model/identity.ts';
import {
  explicit,
  implicit,
  integer,
  namedBits,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tags,
  yes,
} from './der.ts';
import { readParts } from './der-reading.ts';

const identifiers = {
  subjectKeyIdentifier: objectIdentifier('2.5.29.14'),
  keyUsage: objectIdentifier('2.5.29.15'),
  subjectAlternativeName: objectIdentifier('2.5.29.17'),
  basicConstraints: objectIdentifier('2.5.29.19'),
  authorityKeyIdentifier: objectIdentifier('2.5.29.35'),
  extendedKeyUsage: objectIdentifier('2.5.29.37'),
} as const;

/** Who does not know it has to refuse the certificate. */
function critical(name: keyof typeof identifiers, value: Uint8Array): Uint8Array {
  return sequence(identifiers[name], yes, octetString(value));
}

function informative(name: keyof typeof identifiers, value: Uint8Array): Uint8Array {
  return sequence(identifiers[name], octetString(value));
}

/** May sign leaves, and no other authority. */
export const authorityConstraints = critical('basicConstraints', sequence(yes, integer(0)));
export const leafConstraints = critical('basicConstraints', sequence());

const [digitalSignature, keyEncipherment, keyCertSign, crlSign] = [0, 2, 5, 6] as const;
export const authorityUsages = critical('keyUsage', namedBits(keyCertSign, crlSign));
export const signingUsages = critical('keyUsage', namedBits(digitalSignature));
/** With RSA a peer may encipher a secret with the key of the certificate. */
export const rsaUsages = critical('keyUsage', namedBits(digitalSignature, keyEncipherment));

const [serverAuth, clientAuth] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'] as const;
export const clientAndServer = informative(
  'extendedKeyUsage',
  sequence(objectIdentifier(serverAuth), objectIdentifier(clientAuth)),
);

const [dnsName, uri] = [2, 6] as const;

/** The names of a workload; critical, since there is no subject beside them. Throws BAD_DATA for names that are not ASCII. */
export function alternativeNames(identity: Identity, dnsNames: readonly string[]): Uint8Array {
  const names = dnsNames.map((name) => implicit(dnsName, ascii(name)));
  return critical('subjectAlternativeName', sequence(implicit(uri, ascii(spiffeId(identity))), ...names));
}

function ascii(text: string): Uint8Array {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new IsthmusError('BAD_DATA', 'names in certificates are of ASCII');
  return Buffer.from(text, 'latin1');
}

/** A name for a key, by its bits. SPKI, DER. */
export function keyIdentifierOf(publicKey: Uint8Array): Uint8Array {
  const bits = readParts(publicKey, tags.sequence)[1]?.content.subarray(1) ?? new Uint8Array();
  return hash('sha1', bits, 'buffer');
}

export function subjectKeyIdentifier(keyIdentifier: Uint8Array): Uint8Array {
  return informative('subjectKeyIdentifier', octetString(keyIdentifier));
}

export function authorityKeyIdentifier(keyIdentifier: Uint8Array): Uint8Array {
  return informative('authorityKeyIdentifier', sequence(implicit(0, keyIdentifier)));
}

/** All of a certificate's, as it holds them. */
export function certificateExtensions(...extensions: readonly Uint8Array[]): Uint8Array {
  return explicit(3, sequence(...extensions));
}

const extensionRequest = objectIdentifier('1.2.840.113549.1.9.14');

/** As a signing request wishes for them. https://www.rfc-editor.org/rfc/rfc2986#section-4.1 */
export function requestedExtensions(...extensions: readonly Uint8Array[]): Uint8Array {
  return explicit(0, sequence(extensionRequest, setOf(sequence(...extensions))));
}
