/**
 * A private key that shows itself to nobody by accident: neither JSON, nor a log, nor `console.log`, nor a template string
 * has it. Only `reveal` gives it out, for the state folder and for SDS.
 */
import { createPrivateKey, createPublicKey, KeyObject, webcrypto } from 'node:crypto';
import { inspect } from 'node:util';
import { IsthmusError } from '../model/errors.ts';
import { type KeyAlgorithm, type KeyParameters, parametersOf, parametersOfKey } from './key-algorithms.ts';

const hidden = '[private key]';
const { subtle } = webcrypto;

export class PrivateKey {
  /** For signing, as WebCrypto takes it. */
  readonly #key: webcrypto.CryptoKey;
  readonly #parameters: KeyParameters;
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;

  private constructor(key: webcrypto.CryptoKey, parameters: KeyParameters) {
    this.#key = key;
    this.#parameters = parameters;
    this.publicKey = createPublicKey(KeyObject.from(key)).export({ format: 'der', type: 'spki' });
  }

  static async generate(algorithm: KeyAlgorithm): Promise<PrivateKey> {
    const parameters = parametersOf(algorithm);
    const pair = await subtle.generateKey(parameters, true, ['sign', 'verify']);
    return new PrivateKey(pair.privateKey, parameters);
  }

  /** From PEM: PKCS #8, PKCS #1 or SEC 1. Throws BAD_DATA for all else; the message never holds the text. */
  static async fromPem(pem: string): Promise<PrivateKey> {
    const key = readKey(pem);
    const parameters = parametersOfKey(createPublicKey(key));
    if (parameters === undefined)
      throw new IsthmusError(
        'BAD_DATA',
        'the private key is neither ECDSA on P-256 or P-384, nor RSA of 2048 to 4096 bits',
      );
    const der = Buffer.from(key.export({ format: 'der', type: 'pkcs8' }));
    return new PrivateKey(await subtle.importKey('pkcs8', der, parameters, true, ['sign']), parameters);
  }

  /** What signatures by it are made with. */
  get parameters(): KeyParameters {
    return this.#parameters;
  }

  get signingKey(): webcrypto.CryptoKey {
    return this.#key;
  }

  /** The public half, as WebCrypto takes it. */
  cryptoPublicKey(): Promise<webcrypto.CryptoKey> {
    return subtle.importKey('spki', Uint8Array.from(this.publicKey), this.#parameters, true, ['verify']);
  }

  /** PEM, PKCS #8. Who calls this answers for where the text goes. */
  reveal(): string {
    return KeyObject.from(this.#key).export(pkcs8).toString();
  }

  toJSON(): string {
    return hidden;
  }

  toString(): string {
    return hidden;
  }

  [inspect.custom](): string {
    return hidden;
  }
}

const pkcs8 = { format: 'pem', type: 'pkcs8' } as const;

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause is left out: messages of parsers may quote what they read.
    throw new IsthmusError('BAD_DATA', 'the private key cannot be read: it is no PEM, or is encrypted');
  }
}
