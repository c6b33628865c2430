/**
 * Who a peer is, by its certificate: exactly one SPIFFE id, in a leaf that may sign nothing, under a root of the trust domain
 * that the id names. https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md#4-constraints-and-usage
 */
import { X509Certificate as NodeCertificate } from 'node:crypto';
import { type Identity, parseSpiffeId } from '../model/identity.ts';
import { faultOfChain } from './certificate-chain.ts';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from './x509.ts';

export type PeerReading =
  | { readonly kind: 'identity'; readonly identity: Identity }
  /** The reason is fit for a log; it repeats nothing that the peer wrote. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Which roots, PEM, speak for a trust domain; none for one that is not trusted. */
export interface RootsByDomain {
  rootsOf(trustDomain: string): readonly string[];
}

const maxBytes = 16 * 1024;

/**
 * The identity in a leaf, DER, that TLS has verified to belong to the peer; here nothing is said of who signed it. Never throws.
 */
export function identityOfCertificate(der: Uint8Array): PeerReading {
  if (der.length > maxBytes) return refused(`the certificate has more than ${maxBytes} bytes`);
  try {
    return readLeaf(new X509Certificate(Uint8Array.from(der)));
  } catch {
    return refused('the certificate cannot be parsed');
  }
}

/** As above, and under a root of its own trust domain. DER, the leaf first; `now` in milliseconds since the epoch. */
export function authenticateCertificate(
  chain: readonly Uint8Array[],
  bundles: RootsByDomain,
  now: number,
): PeerReading {
  const [leaf] = chain;
  if (leaf === undefined) return refused('there is no certificate');
  const reading = identityOfCertificate(leaf);
  if (reading.kind === 'refused') return reading;
  const { trustDomain } = reading.identity;
  const roots = bundles.rootsOf(trustDomain);
  if (roots.length === 0) return refused('its trust domain is not trusted');
  try {
    const certificates = chain.map((der) => new NodeCertificate(der));
    const fault = faultOfChain(
      certificates,
      roots.map((pem) => new NodeCertificate(pem)),
      now,
    );
    return fault === undefined ? reading : refused(fault);
  } catch {
    return refused('a certificate of the chain cannot be parsed');
  }
}

function readLeaf(leaf: X509Certificate): PeerReading {
  if (leaf.getExtension(BasicConstraintsExtension)?.ca === true)
    return refused('the certificate is that of an authority');
  const usages = leaf.getExtension(KeyUsagesExtension)?.usages ?? KeyUsageFlags.digitalSignature;
  if ((usages & KeyUsageFlags.digitalSignature) === 0) return refused('its key may not make signatures');
  if ((usages & (KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)) !== 0)
    return refused('its key may sign certificates');
  const uris = leaf
    .getExtensions(SubjectAlternativeNameExtension)
    .flatMap(({ names }) => names.items)
    .filter(({ type }) => type === 'url');
  if (uris.length !== 1) return refused(`it has ${uris.length} URI names instead of one`);
  const identity = parseSpiffeId(uris[0]?.value ?? '');
  return identity === undefined ? refused('its URI is no SPIFFE id of a workload') : { kind: 'identity', identity };
}

function refused(reason: string): PeerReading {
  return { kind: 'refused', reason };
}
