/**
 * Bootstrap tokens: what a proxy shows until it has a certificate. A JWT (RFC 7519) that says for which workload, and maybe for
 * which node, and to whom; that ends soon; and that nobody but the control plane can make. They are not listed anywhere:
 * to revoke those that are out, revoke the key that signed them.
 */
import { randomUUID } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { type Clock, systemClock } from '../model/clock.ts';
import { IsthmusError } from '../model/errors.ts';
import { type Identity, isIdentity, parseSpiffeId, spiffeId } from '../model/identity.ts';
import type { SecretFile } from './authority-settings.ts';
import { loadKeys, newKeys, storeKeys, type TokenKeys, withNewKey } from './token-keys.ts';

export interface TokenOptions {
  readonly trustDomain: string;
  readonly file: SecretFile;
  /** Whom tokens are for: two control planes with one key would still refuse each other's. */
  readonly audience?: string;
  /** At most 24 hours. */
  readonly maxLifetimeMs?: number;
  readonly clock?: Clock;
}

export interface TokenContent {
  readonly identity: Identity;
  /** The only node that may use it. */
  readonly nodeId?: string;
  /** Milliseconds; the longest allowed where absent or longer. */
  readonly lifetimeMs?: number;
}

export type TokenReading =
  /** With a `nodeId`, whoever asks has to see to it that the caller is that node. */
  | { readonly kind: 'identity'; readonly identity: Identity; readonly nodeId?: string }
  /** The reason is fit for the caller and for logs: it repeats nothing of the token. */
  | { readonly kind: 'refused'; readonly reason: string };

const algorithm = 'ES256';
/** Keeps other tokens that somebody may sign with the same key apart: RFC 8725, 3.11. */
const type = 'isthmus-bootstrap+jwt';
const issuer = 'isthmus';
const nodeClaim = 'node';
const hour = 3_600_000;
const toleranceMs = 60_000;
const maxTokenLength = 4096;
const maxNodeIdLength = 1024;
const form = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

const defaults = { audience: 'isthmus', maxLifetimeMs: hour, clock: systemClock } as const;

export class BootstrapTokens {
  readonly #options: Required<TokenOptions>;
  #keys: TokenKeys;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: Required<TokenOptions>, keys: TokenKeys) {
    this.#options = options;
    this.#keys = keys;
  }

  /** Makes a key where there was never one. Throws STATE for a file that is damaged. */
  static async open(options: TokenOptions): Promise<BootstrapTokens> {
    const settings = { ...defaults, ...options };
    if (!(settings.maxLifetimeMs > 0 && settings.maxLifetimeMs <= 24 * hour))
      throw new IsthmusError('USAGE', 'Bootstrap tokens live for more than nothing and at most 24 hours.');
    const known = await loadKeys(settings.file);
    if (known !== undefined) return new BootstrapTokens(settings, known);
    const keys = await newKeys();
    await storeKeys(settings.file, keys);
    return new BootstrapTokens(settings, keys);
  }

  /** Throws USAGE for an identity that is none or of another trust domain, and for a node id that is too long. */
  async issue({ identity, nodeId, lifetimeMs }: TokenContent): Promise<string> {
    const { trustDomain, audience, maxLifetimeMs, clock } = this.#options;
    if (!isIdentity(identity) || identity.trustDomain !== trustDomain)
      throw new IsthmusError('USAGE', `${spiffeId(identity)} is no workload of the trust domain ${trustDomain}.`);
    if (nodeId !== undefined && (nodeId === '' || nodeId.length > maxNodeIdLength))
      throw new IsthmusError('USAGE', `A node id has 1 to ${maxNodeIdLength} characters.`);
    const [{ id, key }] = this.#keys;
    const now = Math.floor(clock.now() / 1000);
    const life = Math.floor(Math.min(lifetimeMs ?? maxLifetimeMs, maxLifetimeMs) / 1000);
    return new SignJWT(nodeId === undefined ? {} : { [nodeClaim]: nodeId })
      .setProtectedHeader({ alg: algorithm, typ: type, kid: id })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(spiffeId(identity))
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + life)
      .sign(key.signingKey);
  }

  /** Never throws for what it is given. Its length is looked at before anything else. */
  async authenticate(token: string): Promise<TokenReading> {
    if (token.length > maxTokenLength) return refused(`the token is longer than ${maxTokenLength} characters`);
    if (!form.test(token)) return refused('the token is no signed JWT');
    const { trustDomain, audience, maxLifetimeMs, clock } = this.#options;
    try {
      const { payload } = await jwtVerify(token, async ({ kid }) => this.#verificationKey(kid), {
        algorithms: [algorithm],
        typ: type,
        issuer,
        audience,
        requiredClaims: ['exp', 'iat', 'sub', 'jti'],
        maxTokenAge: maxLifetimeMs / 1000,
        clockTolerance: toleranceMs / 1000,
        currentDate: new Date(clock.now()),
      });
      return readPayload(payload, trustDomain);
    } catch (error) {
      return refused(reasonOf(error));
    }
  }

  /** A new key signs from now on. What was signed before stays valid until it expires, unless all of it is revoked. */
  rotateKey({ revoke = false }: { readonly revoke?: boolean } = {}): Promise<void> {
    const { file, clock, maxLifetimeMs } = this.#options;
    const result = this.#last.then(async () => {
      const now = clock.now();
      const keys = revoke ? await newKeys() : await withNewKey(this.#keys, now, now + maxLifetimeMs + toleranceMs);
      await storeKeys(file, keys);
      this.#keys = keys;
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  #verificationKey(id: string | undefined) {
    const now = this.#options.clock.now();
    const known = this.#keys.find((key) => key.id === id);
    if (known === undefined || (known.until !== undefined && now > known.until)) throw new errors.JWKSNoMatchingKey();
    return known.key.verifyingKey;
  }
}

function readPayload(payload: JWTPayload, trustDomain: string): TokenReading {
  const identity = parseSpiffeId(payload.sub ?? '');
  if (identity === undefined) return refused('the token is for no workload');
  if (identity.trustDomain !== trustDomain) return refused('the token is for another trust domain');
  const nodeId = payload[nodeClaim];
  if (nodeId === undefined) return { kind: 'identity', identity };
  return typeof nodeId === 'string' ? { kind: 'identity', identity, nodeId } : refused('the token names no node');
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired)
    return error.claim === 'iat' ? 'the token is too old' : 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the claim ${error.claim} of the token is not as it should be`;
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token is signed by a key that is not in force';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is wrong';
  if (error instanceof errors.JOSEAlgNotAllowed) return `the token is not signed by ${algorithm}`;
  return 'the token cannot be read';
}

function refused(reason: string): TokenReading {
  return { kind: 'refused', reason };
}
