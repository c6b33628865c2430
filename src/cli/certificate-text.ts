/** How certificates stand, in sentences. */
import type { CertificateStatus, ProxiesAndRoots, TrustedRoot } from '../model/certificate-status.ts';

const day = 86_400_000;
const roles: Readonly<Record<TrustedRoot['role'], string>> = {
  signing: 'signs',
  next: 'is to sign next',
  previous: 'signed before',
  trusted: 'is trusted',
};
const phases = {
  single: 'No rotation is under way.',
  introduced: 'A new root is trusted, and the old one signs',
  switched: 'The new root signs, and the old one is trusted',
} as const;

export function describeCertificates(status: CertificateStatus, now: number): string {
  const { trustDomain, issuer, rotation, roots, proxies, leaves } = status;
  return [
    `Trust domain ${trustDomain}, issued by: ${issuer}.`,
    ...roots.map((root) => describeRoot(root, now)),
    `Workloads: ${leaves.count} certificates are looked after${leaves.firstEnd === undefined ? '' : `, the first ends at ${time(leaves.firstEnd)}`}${leaves.failing === 0 ? '' : `; ${leaves.failing} could not be renewed, see "isthmus analyze"`}.`,
    describeWaiting(proxies),
    ...(rotation === undefined ? ['Its roots are rotated where they are.'] : describeRotation(rotation)),
  ].join('\n');
}

/** Where a rotation stands, and what may follow; empty where nothing is rotated here. */
export function describeOutlook({ rotation }: CertificateStatus): readonly string[] {
  return rotation === undefined ? [] : describeRotation(rotation);
}

export function describeWaiting({ connected, trusting, waiting }: ProxiesAndRoots): string {
  const known = `Proxies: ${trusting} of ${connected} that are connected have acknowledged the roots of now.`;
  if (waiting.length === 0) return known;
  const more = connected - trusting - waiting.length;
  return `${known} Waiting for ${waiting.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}

function describeRotation({ phase, since, steps }: NonNullable<CertificateStatus['rotation']>): readonly string[] {
  const outlook = steps.map(
    ({ step, unsafe }) => `  ${step}: ${unsafe === undefined ? 'safe' : `not safe, ${unsafe}`}`,
  );
  return [since === undefined ? phases[phase] : `${phases[phase]}, since ${time(since)}.`, 'Steps:', ...outlook];
}

function describeRoot({ id, role, subject, notAfter, leaves }: TrustedRoot, now: number): string {
  const days = Math.floor((notAfter - now) / day);
  return `Root ${id.slice(0, 16)} ${roles[role]}: ${subject}, until ${time(notAfter)} (${days} days), ${leaves} certificates of it.`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}
