/**
 * Whether certificates lead from a leaf to a root that is trusted. TLS has said so already of a peer's; here it is said for
 * the roots of one trust domain, and for chains that come from files and from other authorities.
 */
import type { X509Certificate } from 'node:crypto';

/** A root, two authorities below it, a leaf: what companies have at most. */
const maxLength = 6;

/** Undefined when it leads there; otherwise why not. `chain` begins with the leaf, the rest may be in any order. */
export function faultOfChain(
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  now: number,
): string | undefined {
  const [leaf, ...others] = chain;
  if (leaf === undefined) return 'there is no certificate';
  if (chain.length > maxLength) return `there are more than ${maxLength} certificates`;
  for (let at = leaf, authorities = 0; authorities <= chain.length; authorities++) {
    const fault = faultOfDates(at, now);
    if (fault !== undefined) return fault;
    const root = roots.find((candidate) => isIssuedBy(at, candidate));
    if (root !== undefined) return faultOfDates(root, now);
    const next = others.find((candidate) => candidate !== at && isIssuedBy(at, candidate));
    if (next === undefined) return 'it is not signed by a trusted root';
    at = next;
  }
  return 'it is not signed by a trusted root';
}

function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

export function faultOfDates({ validFromDate, validToDate }: X509Certificate, now: number): string | undefined {
  if (now < validFromDate.getTime()) return 'it is not valid yet';
  return now >= validToDate.getTime() ? 'it has expired' : undefined;
}
