/** How certificates and signing requests say by what they are signed. https://www.rfc-editor.org/rfc/rfc5758, rfc4055 */
import { nothing, objectIdentifier, sequence } from './der.ts';
import type { DerValue } from './der-reading.ts';
import type { KeyParameters, SignatureHash } from './key-algorithms.ts';

export interface SignatureAlgorithm {
  readonly type: KeyParameters['type'];
  readonly hash: SignatureHash;
}

const known = [
  { type: 'ec', hash: 'sha256', identifier: objectIdentifier('1.2.840.10045.4.3.2') },
  { type: 'ec', hash: 'sha384', identifier: objectIdentifier('1.2.840.10045.4.3.3') },
  { type: 'ec', hash: 'sha512', identifier: objectIdentifier('1.2.840.10045.4.3.4') },
  { type: 'rsa', hash: 'sha256', identifier: objectIdentifier('1.2.840.113549.1.1.11') },
  { type: 'rsa', hash: 'sha384', identifier: objectIdentifier('1.2.840.113549.1.1.12') },
  { type: 'rsa', hash: 'sha512', identifier: objectIdentifier('1.2.840.113549.1.1.13') },
] as const;

/** A whole AlgorithmIdentifier. */
export function writeSignatureAlgorithm({ type, hash }: SignatureAlgorithm): Uint8Array {
  const identifiers = known.filter((algorithm) => algorithm.type === type && algorithm.hash === hash);
  return sequence(...identifiers.map(({ identifier }) => identifier), ...(type === 'rsa' ? [nothing] : []));
}

/** From the parts of an AlgorithmIdentifier; undefined for all others. */
export function readSignatureAlgorithm([identifier, ...more]: readonly DerValue[]): SignatureAlgorithm | undefined {
  const algorithm = known.find((one) => isValue(identifier, one.identifier));
  const isPlain = more.length === 0;
  // Writers of RSA's put nothing there in so many words; readers are to take it without, too.
  const isRsaWithNothing = algorithm?.type === 'rsa' && more.length === 1 && isValue(more[0], nothing);
  return isPlain || isRsaWithNothing ? algorithm : undefined;
}

function isValue(value: DerValue | undefined, whole: Uint8Array): boolean {
  return value !== undefined && Buffer.compare(value.whole, whole) === 0;
}
