/**
 * Where callers ask for certificates: a signing request and who the caller was found to be come in, a chain and the trust
 * bundle go out. The wire forms stand in istio-certificate-service.ts and http-certificate-service.ts; nobody listens here.
 *
 * Requests are worked off a few at a time, each in a turn of the loop of its own, so that a crowd that starts delays nobody's
 * configuration; those that are too many are refused, to come again. Nothing of a request but its key gets into a certificate.
 */
import { IsthmusError, messageOf } from '../model/errors.ts';
import type { Identity } from '../model/identity.ts';
import type { IssuedCertificate, Issuer } from './issuer.ts';
import { maxSigningRequestLength, readSigningRequest } from './signing-request.ts';

export interface DeskOptions {
  readonly issuer: Issuer;
  /** Of the workload, to stand in its certificate. */
  readonly dnsNamesOf: (identity: Identity) => readonly string[];
  /** What asks for less gets this: renewals would never end. Milliseconds. */
  readonly shortestLifeMs?: number;
  readonly concurrency?: number;
  readonly maxWaiting?: number;
  /** The most that callers of one identity have waiting: one workload does not shut others out. */
  readonly maxWaitingOfOne?: number;
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

const defaults = { shortestLifeMs: 60_000, concurrency: 2, maxWaiting: 5_000, maxWaitingOfOne: 500 } as const;

export class CertificateDesk {
  readonly #options: Required<DeskOptions>;
  readonly #waiting: (() => void)[] = [];
  readonly #waitingOf = new Map<string, number>();
  #running = 0;

  constructor(options: DeskOptions) {
    this.#options = { ...defaults, ...options };
  }

  /** `caller` is who was authenticated. Never rejects. */
  async issue({ csr, lifetimeMs }: DeskRequest, caller: Identity): Promise<DeskAnswer> {
    if (csr.length > maxSigningRequestLength) return refusal('invalid', 'the signing request is too long');
    if (lifetimeMs !== undefined && !(lifetimeMs > 0)) return refusal('invalid', 'the life asked for is none');
    const account = `${caller.namespace}/${caller.serviceAccount}`;
    if (!this.#enter(account)) return refusal('busy', 'too many requests for certificates are waiting; ask again');
    try {
      await this.#turn();
      return await this.#work({ csr, ...(lifetimeMs === undefined ? {} : { lifetimeMs }) }, caller);
    } finally {
      this.#leave(account);
    }
  }

  async #work({ csr, lifetimeMs }: DeskRequest, identity: Identity): Promise<DeskAnswer> {
    const { issuer, dnsNamesOf, shortestLifeMs } = this.#options;
    if (identity.trustDomain !== issuer.trustDomain) return refusal('denied', 'the caller is of another trust domain');
    const reading = await readSigningRequest(csr);
    if (reading.kind === 'refused') return refusal('invalid', `the signing request is refused: ${reading.reason}`);
    const life = lifetimeMs === undefined ? {} : { lifetimeMs: Math.max(lifetimeMs, shortestLifeMs) };
    try {
      const { request } = reading;
      return {
        kind: 'issued',
        certificate: await issuer.issue({ identity, dnsNames: dnsNamesOf(identity), request, ...life }),
      };
    } catch (error) {
      const isLasting = error instanceof IsthmusError && error.code === 'BAD_DATA';
      return refusal(isLasting ? 'denied' : 'unavailable', messageOf(error));
    }
  }

  #enter(account: string): boolean {
    const { maxWaiting, maxWaitingOfOne } = this.#options;
    const ofOne = this.#waitingOf.get(account) ?? 0;
    if (this.#waiting.length >= maxWaiting || ofOne >= maxWaitingOfOne) return false;
    this.#waitingOf.set(account, ofOne + 1);
    return true;
  }

  async #turn(): Promise<void> {
    if (this.#running >= this.#options.concurrency) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** The place of who leaves goes to who waits longest. */
  #leave(account: string): void {
    const ofOne = (this.#waitingOf.get(account) ?? 1) - 1;
    if (ofOne === 0) this.#waitingOf.delete(account);
    else this.#waitingOf.set(account, ofOne);
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}

function refusal(kind: DeskRefusal['kind'], message: string): DeskRefusal {
  return { kind, message };
}
