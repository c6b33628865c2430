/** The kinds of keys that are made and accepted here: those that every Envoy, OpenSSL and Go of today verifies. */
import type { KeyObject } from 'node:crypto';

export const keyAlgorithms = ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-4096'] as const;
export type KeyAlgorithm = (typeof keyAlgorithms)[number];

/** Of a key; `hash` is what is signed with it. */
export type KeyParameters = EcKeyParameters | RsaKeyParameters;
interface EcKeyParameters {
  readonly type: 'ec';
  readonly namedCurve: 'P-256' | 'P-384';
  readonly hash: SignatureHash;
}
interface RsaKeyParameters {
  readonly type: 'rsa';
  readonly modulusLength: number;
  readonly hash: SignatureHash;
}

export type SignatureHash = 'sha256' | 'sha384' | 'sha512';

function rsa(modulusLength: number): RsaKeyParameters {
  return { type: 'rsa', modulusLength, hash: 'sha256' };
}

const parameters: Readonly<Record<KeyAlgorithm, KeyParameters>> = {
  'ecdsa-p256': { type: 'ec', namedCurve: 'P-256', hash: 'sha256' },
  'ecdsa-p384': { type: 'ec', namedCurve: 'P-384', hash: 'sha384' },
  'rsa-2048': rsa(2048),
  'rsa-4096': rsa(4096),
};

export function parametersOf(algorithm: KeyAlgorithm): KeyParameters {
  return parameters[algorithm];
}

const smallestModulus = 2048;
/** Larger ones cost the verifier more than they are worth: a handshake with 16384 bits takes 30 times as long. */
const largestModulus = 4096;

/** How a public key may be used by us; undefined for kinds and sizes that are not accepted. */
export function parametersOfKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyParameters | undefined {
  if (asymmetricKeyType === 'ec') {
    if (asymmetricKeyDetails?.namedCurve === 'prime256v1') return parameters['ecdsa-p256'];
    return asymmetricKeyDetails?.namedCurve === 'secp384r1' ? parameters['ecdsa-p384'] : undefined;
  }
  if (asymmetricKeyType !== 'rsa') return undefined;
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
  const isSound = publicExponent >= 65537n && publicExponent < 2n ** 32n && publicExponent % 2n === 1n;
  return isSound && modulusLength >= smallestModulus && modulusLength <= largestModulus
    ? rsa(modulusLength)
    : undefined;
}
