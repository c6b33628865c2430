/**
 * Where callers ask for certificates: a signing request and who the caller was found to be come in, a chain and the trust
 * bundle go out. The wire forms stand in istio-certificate-service.ts and http-certificate-service.ts; nobody listens here.
 *
 * Requests are worked off a few at a time, each in a turn of the loop of its own, so that a crowd that starts delays nobody's
 * configuration; identities have their turns in a round, so that a crowd of one delays nobody else's certificates; those that are
 * too many are refused, to come again. Nothing of a request but its key gets into a certificate.
 */
import { IsthmusError, messageOf } from '../model/errors.ts';
import { type Identity, spiffeId } from '../model/identity.ts';
import { FairTurns, type TurnLimits } from './fair-turns.ts';
import type { IssuedCertificate, Issuer } from './issuer.ts';
import { maxSigningRequestLength, readSigningRequest } from './signing-request.ts';

/** Requests of one identity (all replicas of a workload) are `who` waits in the round. */
export interface DeskOptions extends Partial<TurnLimits> {
  readonly issuer: Issuer;
  /** Of the workload, to stand in its certificate. */
  readonly dnsNamesOf: (identity: Identity) => readonly string[];
  /** Told of each certificate that is handed out. */
  readonly issued?: (identity: Identity, certificate: IssuedCertificate) => void;
  /** What asks for less gets this: renewals would never end. Milliseconds. */
  readonly shortestLifeMs?: number;
}

export interface DeskRequest {
  /** PKCS #10, PEM. */
  readonly csr: string;
  /** Milliseconds; the issuer's choice where absent. */
  readonly lifetimeMs?: number;
}

export type DeskAnswer = { readonly kind: 'issued'; readonly certificate: IssuedCertificate } | DeskRefusal;

export interface DeskRefusal {
  /** `busy` and `unavailable` may be asked again. */
  readonly kind: 'invalid' | 'denied' | 'busy' | 'unavailable';
  readonly message: string;
}

/**
 * A certificate takes less than a millisecond here and some twenty of a Vault: eight keep either busy, and two hundred replicas
 * that start at once are served within a second. What is refused beyond comes again by itself.
 */
const defaults = {
  issued: () => {},
  shortestLifeMs: 60_000,
  concurrency: 8,
  maxWaiting: 5_000,
  maxWaitingOfOne: 200,
} as const;

export class CertificateDesk {
  readonly #options: Required<DeskOptions>;
  readonly #turns: FairTurns;

  constructor(options: DeskOptions) {
    this.#options = { ...defaults, ...options };
    this.#turns = new FairTurns(this.#options);
  }

  /** `caller` is who was authenticated. Never rejects. */
  async issue({ csr, lifetimeMs }: DeskRequest, caller: Identity): Promise<DeskAnswer> {
    if (csr.length > maxSigningRequestLength) return refusal('invalid', 'the signing request is too long');
    if (lifetimeMs !== undefined && !(lifetimeMs > 0)) return refusal('invalid', 'the life asked for is none');
    if (caller.trustDomain !== this.#options.issuer.trustDomain)
      return refusal('denied', 'the caller is of another trust domain');
    const turn = this.#turns.take(spiffeId(caller));
    if (turn === undefined)
      return refusal('busy', `too many requests for certificates of ${spiffeId(caller)} are waiting; ask again`);
    await turn;
    try {
      await new Promise<void>((resolve) => setImmediate(resolve));
      return await this.#work({ csr, ...(lifetimeMs === undefined ? {} : { lifetimeMs }) }, caller);
    } finally {
      this.#turns.leave();
    }
  }

  async #work({ csr, lifetimeMs }: DeskRequest, identity: Identity): Promise<DeskAnswer> {
    const { issuer, dnsNamesOf, issued, shortestLifeMs } = this.#options;
    const reading = await readSigningRequest(csr);
    if (reading.kind === 'refused') return refusal('invalid', `the signing request is refused: ${reading.reason}`);
    const life = lifetimeMs === undefined ? {} : { lifetimeMs: Math.max(lifetimeMs, shortestLifeMs) };
    try {
      const { request } = reading;
      const certificate = await issuer.issue({ identity, dnsNames: dnsNamesOf(identity), request, ...life });
      issued(identity, certificate);
      return { kind: 'issued', certificate };
    } catch (error) {
      const isLasting = error instanceof IsthmusError && error.code === 'BAD_DATA';
      return refusal(isLasting ? 'denied' : 'unavailable', messageOf(error));
    }
  }
}

function refusal(kind: DeskRefusal['kind'], message: string): DeskRefusal {
  return { kind, message };
}
