/**
 * What issues certificates: an authority of our own, one whose key lies in files, or one that is asked over the network. Who
 * the workload is was decided before; an issuer does as it is told or fails, and never gives a certificate of another identity.
 */
import type { Finding } from '../model/finding.ts';
import type { Identity } from '../model/identity.ts';
import type { SigningRequest } from './signing-request.ts';

export interface IssuanceRequest {
  readonly identity: Identity;
  readonly dnsNames: readonly string[];
  readonly request: SigningRequest;
  /** Milliseconds in all; the issuer's own limit where absent or longer. */
  readonly lifetimeMs?: number;
}

export interface IssuedCertificate {
  /** PEM, the leaf first, then what lies between it and a root. */
  readonly chain: readonly string[];
  /** Roots to trust, PEM: the one of the chain, and others of a rotation. */
  readonly roots: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface Issuer {
  /** For status and findings: `built in`, or where it stands. */
  readonly name: string;
  readonly trustDomain: string;
  /** Rejects with UNAVAILABLE when it cannot for now, with BAD_DATA when it never will. */
  issue(request: IssuanceRequest): Promise<IssuedCertificate>;
  /** Roots whose leaves are to be trusted now, PEM; the same roots are always in the same order. */
  roots(): readonly string[];
  /** The function it gives back ends it. */
  onRootsChanged(listener: () => void): () => void;
  findings(): readonly Finding[];
  close(): void;
}

/** No leaf lives longer, whatever is asked for and configured. */
export const longestLeafMs = 24 * 3_600_000;

/** Those who want to know of changed roots. */
export class RootListeners {
  readonly #listeners = new Set<() => void>();

  add(listener: () => void): () => void {
    // A function of its own, so that one listener may be there twice.
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
