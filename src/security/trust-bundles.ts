/**
 * Which roots speak for which trust domain: our own by the issuer, others by what an operator gave for them (federation). A
 * root speaks for its own trust domain alone: one of another that names somebody of ours is a forgery.
 */
import { X509Certificate } from 'node:crypto';
import { orderCertificates, readCertificates } from '../certificates/certificate-text.ts';
import { IsthmusError } from '../model/errors.ts';
import { isTrustDomain } from '../model/identity.ts';
import { type Issuer, RootListeners } from './issuer.ts';

export class TrustBundles {
  readonly #issuer: Issuer;
  readonly #others = new Map<string, readonly string[]>();
  readonly #listeners = new RootListeners();
  readonly #unsubscribe: () => void;

  constructor(issuer: Issuer) {
    this.#issuer = issuer;
    this.#unsubscribe = issuer.onRootsChanged(() => this.#listeners.notify());
  }

  get trustDomain(): string {
    return this.#issuer.trustDomain;
  }

  /** Roots of a trust domain, PEM; none for one that is not known. */
  rootsOf(trustDomain: string): readonly string[] {
    return trustDomain === this.trustDomain ? this.#issuer.roots() : (this.#others.get(trustDomain) ?? []);
  }

  /** All that is known, by trust domain, in the order of the names. */
  all(): ReadonlyMap<string, readonly string[]> {
    const known = [[this.trustDomain, this.#issuer.roots()] as const, ...this.#others];
    return new Map(known.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * Trusts another trust domain by the roots of a PEM text, in place of those it had. Throws BAD_DATA for what is no bundle,
   * and for our own trust domain: then what was known stays.
   */
  federate(trustDomain: string, pem: string): void {
    if (!isTrustDomain(trustDomain)) throw new IsthmusError('BAD_DATA', `${trustDomain} is no trust domain`);
    if (trustDomain === this.trustDomain)
      throw new IsthmusError('BAD_DATA', `${trustDomain} is our own trust domain: its roots are those of its issuer`);
    const roots = orderCertificates(readCertificates(pem, `the bundle of ${trustDomain}`));
    if (!roots.every((root) => new X509Certificate(root).ca))
      throw new IsthmusError('BAD_DATA', `the bundle of ${trustDomain} holds a certificate of no authority`);
    this.#set(trustDomain, roots);
  }

  /** Trusts a trust domain no more. */
  part(trustDomain: string): void {
    if (this.#others.delete(trustDomain)) this.#listeners.notify();
  }

  onChanged(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  close(): void {
    this.#unsubscribe();
  }

  #set(trustDomain: string, roots: readonly string[]): void {
    if (this.#others.get(trustDomain)?.join() === roots.join()) return;
    this.#others.set(trustDomain, roots);
    this.#listeners.notify();
  }
}
