/**
 * Certificate signing requests. Of a request from outside only the public key is taken, after it was shown that the sender has
 * the private one; names and wishes in it count for nothing, since who a caller is was said by its authentication.
 */
import { createPublicKey, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { pemOf } from '../certificates/certificate-text.ts';
import type { Identity } from '../model/identity.ts';
import { alternativeNames, requestedExtensions } from './certificate-extensions.ts';
import { bitString, integer, sequence, tags } from './der.ts';
import { type DerValue, readParts } from './der-reading.ts';
import { parametersOfKey } from './key-algorithms.ts';
import type { PrivateKey } from './private-key.ts';
import { readSignatureAlgorithm, type SignatureAlgorithm, writeSignatureAlgorithm } from './signature-algorithms.ts';

export interface SigningRequest {
  /** PKCS #10, PEM: what other authorities are sent. It is made when one is, since it costs as much as a certificate. */
  readonly pem: () => Promise<string>;
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;
}

export type SigningRequestReading =
  | { readonly kind: 'request'; readonly request: SigningRequest }
  | { readonly kind: 'refused'; readonly reason: string };

/** A request with an RSA key of 4096 bits and some names has 2 KiB. */
export const maxSigningRequestLength = 16 * 1024;

const form =
  /^\s*-----BEGIN (NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (NEW )?CERTIFICATE REQUEST-----\s*$/;
const verifyInPool = promisify(verify);

/** Never throws for what it is given. The reasons are fit for the sender. */
export async function readSigningRequest(pem: string): Promise<SigningRequestReading> {
  if (pem.length > maxSigningRequestLength) return refused(`it is longer than ${maxSigningRequestLength} characters`);
  const body = form.exec(pem)?.[2];
  if (body === undefined) return refused('it is not one PEM block of the type CERTIFICATE REQUEST');
  try {
    const der = Buffer.from(body, 'base64');
    const parts = takeApart(der);
    return parts === undefined ? refused(broken) : await judge(parts, der);
  } catch {
    return refused(broken);
  }
}

const broken = 'it cannot be parsed';

interface RequestParts {
  /** What the signature is of. */
  readonly signed: Uint8Array;
  /** SPKI, DER, as it was written. */
  readonly publicKey: Uint8Array;
  /** Undefined for those that are not taken. */
  readonly algorithm: SignatureAlgorithm | undefined;
  readonly signature: Uint8Array;
}

/** Undefined where the form is another one. https://www.rfc-editor.org/rfc/rfc2986#section-4 */
function takeApart(der: Uint8Array): RequestParts | undefined {
  const [signed, algorithm, signature] = readForm(der, [tags.sequence, tags.sequence, tags.bitString]);
  if (signed === undefined || algorithm === undefined || signature?.content[0] !== wholeBytes) return undefined;
  const [version, , publicKey] = readForm(signed.whole, [tags.integer, tags.sequence, tags.sequence], wishes);
  if (version === undefined || publicKey === undefined || Buffer.compare(version.whole, firstVersion) !== 0)
    return undefined;
  return {
    signed: signed.whole,
    publicKey: publicKey.whole,
    algorithm: readSignatureAlgorithm(readParts(algorithm.whole, tags.sequence)),
    signature: signature.content.subarray(1),
  };
}

const wishes = 0xa0;
/** How many bits of the last byte are not used. */
const wholeBytes = 0;
const firstVersion = integer(0);

/** The parts of a sequence when they are of these tags, and perhaps one more of the last; else none. */
function readForm(der: Uint8Array, needed: readonly number[], last?: number): readonly DerValue[] {
  const parts = readParts(der, tags.sequence);
  const others = parts.slice(needed.length);
  const isOfForm = needed.every((tag, at) => parts[at]?.tag === tag);
  return isOfForm && (others.length === 0 || (others.length === 1 && others[0]?.tag === last)) ? parts : [];
}

async function judge(
  { signed, publicKey, algorithm, signature }: RequestParts,
  der: Uint8Array,
): Promise<SigningRequestReading> {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  if (parametersOfKey(key) === undefined)
    return refused('its key is neither ECDSA on P-256 or P-384, nor RSA of 2048 to 4096 bits');
  if (algorithm === undefined) return refused('it is not signed by ECDSA or RSA with SHA-256, SHA-384 or SHA-512');
  // Whoever asks for another's public key would get a certificate that makes signatures of that other look like its own.
  const isItsOwn =
    algorithm.type === key.asymmetricKeyType && (await verifyInPool(algorithm.hash, signed, key, signature));
  if (!isItsOwn) return refused('its signature is not that of its key');
  const request = {
    pem: async () => pemOf('CERTIFICATE REQUEST', der),
    // One encoding for a key: whatever else stood in the request stays behind.
    publicKey: key.export({ format: 'der', type: 'spki' }),
  };
  return { kind: 'request', request };
}

function refused(reason: string): SigningRequestReading {
  return { kind: 'refused', reason };
}

/** For a key that was made here. The names are for authorities that take them from the request. */
export function makeSigningRequest(key: PrivateKey, identity: Identity, dnsNames: readonly string[]): SigningRequest {
  return { pem: () => write(key, identity, dnsNames), publicKey: key.publicKey };
}

async function write(key: PrivateKey, identity: Identity, dnsNames: readonly string[]): Promise<string> {
  const names = requestedExtensions(alternativeNames(identity, dnsNames));
  const signed = sequence(firstVersion, sequence(), key.publicKey, names);
  const signature = bitString(await key.sign(signed));
  return pemOf('CERTIFICATE REQUEST', sequence(signed, writeSignatureAlgorithm(key.parameters), signature));
}
