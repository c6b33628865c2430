/**
 * A private key that shows itself to nobody by accident: neither JSON, nor a log, nor `console.log`, nor a template string
 * has it. Only `reveal` gives it out, for the state folder and for SDS. Keys are made, and sign, in threads of Node's pool:
 * the loop serves others meanwhile.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { inspect, promisify } from 'node:util';
import { IsthmusError } from '../model/errors.ts';
import { type KeyAlgorithm, type KeyParameters, parametersOf, parametersOfKey } from './key-algorithms.ts';

const hidden = '[private key]';
const makePair = promisify(generateKeyPair);
const signInPool = promisify(sign);

export class PrivateKey {
  readonly #key: KeyObject;
  readonly #parameters: KeyParameters;
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;

  private constructor(key: KeyObject, publicKey: KeyObject, parameters: KeyParameters) {
    this.#key = key;
    this.#parameters = parameters;
    this.publicKey = publicKey.export({ format: 'der', type: 'spki' });
  }

  static async generate(algorithm: KeyAlgorithm): Promise<PrivateKey> {
    const parameters = parametersOf(algorithm);
    const { privateKey, publicKey } = await (parameters.type === 'ec'
      ? makePair('ec', { namedCurve: parameters.namedCurve })
      : makePair('rsa', { modulusLength: parameters.modulusLength }));
    return new PrivateKey(privateKey, publicKey, parameters);
  }

  /** From PEM: PKCS #8, PKCS #1 or SEC 1. Throws BAD_DATA for all else; the message never holds the text. */
  static async fromPem(pem: string): Promise<PrivateKey> {
    const key = readKey(pem);
    const publicKey = createPublicKey(key);
    const parameters = parametersOfKey(publicKey);
    if (parameters === undefined)
      throw new IsthmusError(
        'BAD_DATA',
        'the private key is neither ECDSA on P-256 or P-384, nor RSA of 2048 to 4096 bits',
      );
    return new PrivateKey(key, publicKey, parameters);
  }

  /** What signatures by it are made with. */
  get parameters(): KeyParameters {
    return this.#parameters;
  }

  /** For libraries that sign themselves. */
  get signingKey(): KeyObject {
    return this.#key;
  }

  /** The public half, for libraries that verify themselves. */
  get verifyingKey(): KeyObject {
    return createPublicKey(this.#key);
  }

  /** As certificates have it: ECDSA's in DER, RSA's of PKCS #1. */
  sign(data: Uint8Array): Promise<Uint8Array> {
    return signInPool(this.#parameters.hash, data, this.#key);
  }

  /** PEM, PKCS #8. Who calls this answers for where the text goes. */
  reveal(): string {
    return this.#key.export(pkcs8).toString();
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
