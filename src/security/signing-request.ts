/**
 * Certificate signing requests. Of a request from outside only the public key is taken, after it was shown that the sender has
 * the private one; names and wishes in it count for nothing, since who a caller is was said by its authentication.
 */
import { createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '../certificates/x509.ts';
import type { Identity } from '../model/identity.ts';
import { alternativeNames } from './certificate-profile.ts';
import { parametersOfKey } from './key-algorithms.ts';
import type { PrivateKey } from './private-key.ts';

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
const signatureHashes: readonly unknown[] = ['SHA-256', 'SHA-384', 'SHA-512'];
const signatureNames: readonly unknown[] = ['ECDSA', 'RSASSA-PKCS1-v1_5'];

/** Never throws for what it is given. The reasons are fit for the sender. */
export async function readSigningRequest(pem: string): Promise<SigningRequestReading> {
  if (pem.length > maxSigningRequestLength) return refused(`it is longer than ${maxSigningRequestLength} characters`);
  const body = form.exec(pem)?.[2];
  if (body === undefined) return refused('it is not one PEM block of the type CERTIFICATE REQUEST');
  try {
    return await verify(new Pkcs10CertificateRequest(Buffer.from(body, 'base64')));
  } catch {
    return refused('it cannot be parsed');
  }
}

async function verify(request: Pkcs10CertificateRequest): Promise<SigningRequestReading> {
  const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
  if (parametersOfKey(key) === undefined)
    return refused('its key is neither ECDSA on P-256 or P-384, nor RSA of 2048 to 4096 bits');
  const algorithm: { readonly name?: unknown; readonly hash: { readonly name?: unknown } } = request.signatureAlgorithm;
  if (!signatureNames.includes(algorithm.name) || !signatureHashes.includes(algorithm.hash.name))
    return refused('it is not signed by ECDSA or RSA with SHA-256, SHA-384 or SHA-512');
  // Whoever asks for another's public key would get a certificate that makes signatures of that other look like its own.
  if (!(await request.verify())) return refused('its signature is not that of its key');
  // One encoding for a key: whatever else stood in the request stays behind.
  const publicKey = key.export({ format: 'der', type: 'spki' });
  return { kind: 'request', request: { pem: async () => pemOf(request), publicKey } };
}

function refused(reason: string): SigningRequestReading {
  return { kind: 'refused', reason };
}

/** For a key that was made here. The names are for authorities that take them from the request. */
export function makeSigningRequest(key: PrivateKey, identity: Identity, dnsNames: readonly string[]): SigningRequest {
  return { pem: () => sign(key, identity, dnsNames), publicKey: key.publicKey };
}

async function sign(key: PrivateKey, identity: Identity, dnsNames: readonly string[]): Promise<string> {
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys: { privateKey: key.signingKey, publicKey: await key.cryptoPublicKey() },
    signingAlgorithm: key.parameters,
    extensions: [alternativeNames(identity, dnsNames)],
  });
  return pemOf(request);
}

function pemOf(request: Pkcs10CertificateRequest): string {
  return `${request.toString('pem')}\n`;
}
