/** Whether what another authority issued is what was asked for. It may be mistaken, or set up to take names from requests. */
import { X509Certificate } from 'node:crypto';
import { faultOfChain } from '../certificates/certificate-chain.ts';
import { identityOfCertificate } from '../certificates/peer-identity.ts';
import { isSameIdentity } from '../model/identity.ts';
import type { IssuanceRequest } from './issuer.ts';

/** Clocks of the two may differ by this, in milliseconds. */
const toleranceMs = 5 * 60_000;

/** Undefined when all is well. PEM, the leaf first; `longestMs` is the longest life that is taken. */
export function faultOfIssued(
  chain: readonly string[],
  roots: readonly string[],
  { identity, dnsNames, request }: IssuanceRequest,
  { now, longestMs }: { readonly now: number; readonly longestMs: number },
): string | undefined {
  const certificates = chain.map((pem) => new X509Certificate(pem));
  const [leaf] = certificates;
  if (leaf === undefined) return 'it has no certificate';
  const key = leaf.publicKey.export({ format: 'der', type: 'spki' });
  if (!key.equals(request.publicKey)) return 'it is for another key';
  const reading = identityOfCertificate(leaf.raw);
  if (reading.kind === 'refused') return reading.reason;
  if (!isSameIdentity(reading.identity, identity)) return 'it is for another identity';
  const known = ['URI', ...dnsNames.map((name) => `DNS:${name}`)];
  const foreign = (leaf.subjectAltName ?? '')
    .split(', ')
    .filter((name) => !name.startsWith('URI:') && !known.includes(name));
  if (foreign.length > 0) return 'it has names that were not asked for';
  if (leaf.validToDate.getTime() - now > longestMs + toleranceMs) return 'it lives longer than was asked for';
  return faultOfChain(
    certificates,
    roots.map((pem) => new X509Certificate(pem)),
    Math.max(now, leaf.validFromDate.getTime()),
  );
}
