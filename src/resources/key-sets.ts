/** JSON Web Key Sets as proxies take them. A proxy takes no listener with a set that has no key it can use. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { isMap } from './plain-values.ts';

/** How names of algorithms begin, by the type of a key. */
const algorithms: Readonly<Record<string, RegExp>> = { RSA: /^(?:RS|PS)/, EC: /^ES/, OKP: /^EdDSA$/, oct: /^HS/ };

/** Whether the text is a set with a key by which some token can be verified. */
export function isUsableKeySet(text: string): boolean {
  const value = parsed(text);
  return isMap(value) && Array.isArray(value.keys) && value.keys.some(isUsableKey);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isUsableKey(key: unknown): boolean {
  if (!isMap(key) || typeof key.kty !== 'string') return false;
  const { kty, alg, k } = key;
  const ofAlgorithm = algorithms[kty];
  if (ofAlgorithm === undefined || (alg !== undefined && !(typeof alg === 'string' && ofAlgorithm.test(alg))))
    return false;
  if (kty === 'oct') return typeof k === 'string' && /^[A-Za-z0-9_-]+$/.test(k);
  const texts = Object.entries(key).filter(([, part]) => typeof part === 'string');
  return isPublicKey(Object.fromEntries(texts));
}

function isPublicKey(key: JsonWebKey): boolean {
  try {
    createPublicKey({ key, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}
