/**
 * Whom the roots of a secret speak for. A root speaks for its own trust domain alone: a certificate of one authority that
 * names somebody of another's is a forgery, however well it is signed.
 */

import { authenticateCertificate } from '../../certificates/peer-identity.ts';
import type { Identity } from '../../model/identity.ts';
import { spiffeId } from '../../model/identity.ts';

/** PEM by trust domain; roots that are given without one are those of the proxy's own. */
export type TrustedRoots =
  | { readonly kind: 'own'; readonly roots: readonly string[] }
  | { readonly kind: 'by-domain'; readonly roots: ReadonlyMap<string, readonly string[]> };

export type Peer =
  | { readonly kind: 'known'; readonly identity: string }
  /** Fit for a log. */
  | { readonly kind: 'refused'; readonly reason: string };

export function allRoots(trusted: TrustedRoots): readonly string[] {
  return trusted.kind === 'own' ? trusted.roots : [...trusted.roots.values()].flat();
}

/** `chain`: DER, the leaf first. `own`: who this proxy is. `now`: milliseconds since the epoch. */
export function identifyPeer(chain: readonly Uint8Array[], trusted: TrustedRoots, own: Identity, now: number): Peer {
  const rootsOf = (trustDomain: string): readonly string[] => {
    if (trusted.kind === 'by-domain') return trusted.roots.get(trustDomain) ?? [];
    return trustDomain === own.trustDomain ? trusted.roots : [];
  };
  const reading = authenticateCertificate(chain, { rootsOf }, now);
  return reading.kind === 'refused' ? reading : { kind: 'known', identity: spiffeId(reading.identity) };
}

/** Longer chains are refused anyway. */
const MOST_CERTIFICATES = 8;

/** DER, the leaf first, of what Node tells of a peer; a root stands in itself. */
export function chainOf(certificate: object): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let at: unknown = certificate;
  for (let before: unknown; isCertificate(at) && at !== before && chain.length < MOST_CERTIFICATES; ) {
    chain.push(at.raw);
    before = at;
    at = at.issuerCertificate;
  }
  return chain;
}

function isCertificate(value: unknown): value is { readonly raw: Uint8Array; readonly issuerCertificate?: unknown } {
  return typeof value === 'object' && value !== null && 'raw' in value && value.raw instanceof Uint8Array;
}
