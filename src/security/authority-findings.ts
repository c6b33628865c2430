/** What users should know of the built-in authority. */
import { type Finding, finding, type ObjectRef } from '../model/finding.ts';
import type { AuthorityStatus } from './authority-status.ts';

export interface AuthorityFacts {
  readonly status: AuthorityStatus;
  /** Of the file with the keys. */
  readonly place: string;
  readonly openToOthers: boolean;
  readonly now: number;
}

const day = 24 * 3_600_000;
/** A rotation takes days, and somebody has to decide on it. */
const soonMs = 90 * day;

export function authorityFindings({ status, place, openToOthers, now }: AuthorityFacts): readonly Finding[] {
  const object = { kind: 'CertificateAuthority', name: status.trustDomain };
  return [
    ...rootFindings(status, now),
    ...rotationFindings(status),
    ...(openToOthers
      ? [finding('ISTH1205', { object, message: `${place} may be read by others than its owner.` })]
      : []),
  ];
}

/** Only the root that signs is worth a rotation: others go with one. */
function rootFindings({ trustDomain, roots: [signing] }: AuthorityStatus, now: number): readonly Finding[] {
  if (signing === undefined) return [];
  const { subject, notBefore, notAfter } = signing;
  const dates = { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
  return expiryFindings({ kind: 'CertificateAuthority', name: trustDomain }, { subject, ...dates }, now);
}

export interface ExpiringCertificate {
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Of the certificate that an authority signs with. */
export function expiryFindings(
  object: ObjectRef,
  { subject, notBefore, notAfter }: ExpiringCertificate,
  now: number,
): readonly Finding[] {
  const [begin, end] = [notBefore.getTime(), notAfter.getTime()];
  if (now < begin) return [finding('ISTH1216', { object, message: beginsLater(subject, notBefore, now) })];
  if (end <= now) return [finding('ISTH1202', { object, message: `${subject} expired at ${notAfter.toISOString()}.` })];
  if (end - now > Math.min(soonMs, (end - begin) / 5)) return [];
  return [finding('ISTH1203', { object, message: `${subject} expires at ${notAfter.toISOString()}.` })];
}

/** Also what an authority says that issues nothing for it. */
export function beginsLater(subject: string, notBefore: Date, now: number): string {
  return `${subject} is valid from ${notBefore.toISOString()} on, and the clock here says ${new Date(now).toISOString()}.`;
}

function rotationFindings({ trustDomain, phase, since, steps }: AuthorityStatus): readonly Finding[] {
  if (since === undefined) return [];
  const what =
    phase === 'introduced'
      ? 'A new root is trusted, and the old one signs'
      : 'The new root signs, and the old one is trusted';
  const forward = steps.find(({ step }) => step !== 'abort');
  const waits = forward?.unsafe === undefined ? '' : ` The next step, ${forward.step}, waits: ${forward.unsafe}.`;
  const message = `${what}, since ${new Date(since).toISOString()}.${waits}`;
  return [finding('ISTH1204', { object: { kind: 'CertificateAuthority', name: trustDomain }, message })];
}
