/** What users should know of the built-in authority. */
import { type Finding, finding } from '../model/finding.ts';
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
  const object = { kind: 'CertificateAuthority', name: trustDomain };
  const { notAfter, notBefore, subject } = signing;
  const until = new Date(notAfter).toISOString();
  if (notAfter <= now) return [finding('ISTH1202', { object, message: `${subject} expired at ${until}.` })];
  const soon = Math.min(soonMs, (notAfter - notBefore) / 5);
  if (notAfter - now > soon) return [];
  return [finding('ISTH1203', { object, message: `${subject} expires at ${until}.` })];
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
