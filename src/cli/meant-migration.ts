/** Which plan, and which position of it, a user means by the flags of a command. */
import { IsthmusError } from '../model/errors.ts';
import { type MigrationPosition, migrationStages } from '../model/migration.ts';
import type { MigrationStatus } from '../model/migration-status.ts';
import { formatPosition } from './migration-text.ts';

export interface PositionFlags {
  readonly stage?: MigrationPosition['stage'];
  /** Percent. */
  readonly share?: number;
}

/** Throws BAD_DATA where there is none, USAGE where it may be several. */
export function theOneNamed(
  all: readonly MigrationStatus[],
  name: string,
  namespace: string | undefined,
): MigrationStatus {
  const meant = all.filter((one) => one.name === name && (namespace === undefined || one.namespace === namespace));
  const [one, another] = meant;
  if (one === undefined) throw new IsthmusError('BAD_DATA', missingPlan(all, name, namespace));
  if (another !== undefined) {
    const namespaces = meant.map((plan) => plan.namespace).join(', ');
    throw new IsthmusError('USAGE', `Say which "${name}", by -n: ${namespaces}.`);
  }
  return one;
}

function missingPlan(all: readonly MigrationStatus[], name: string, namespace: string | undefined): string {
  const elsewhere = all.filter((one) => one.name === name).map((one) => one.namespace);
  if (elsewhere.length > 0)
    return `There is no MigrationPlan "${name}" in namespace ${namespace}, but in ${elsewhere.join(', ')}.`;
  const others =
    all.length === 0
      ? 'The control plane reads none: "isthmus migrate plan" prints one.'
      : '"isthmus migrate status" shows all.';
  return `There is no MigrationPlan "${name}". ${others}`;
}

/** Undefined where there is none further. Throws USAGE where the flags contradict each other, or the direction. */
export function wantedPosition(
  { stage, share }: PositionFlags,
  now: MigrationStatus,
  direction: 'next' | 'previous',
): MigrationPosition | undefined {
  if (stage === undefined && share === undefined) return now[direction]?.position;
  if (share !== undefined && stage !== undefined && stage !== 'Shift')
    throw new IsthmusError('USAGE', `--share belongs to stage Shift, not to ${stage}.`);
  const wanted = { stage: stage ?? 'Shift', ...(share === undefined ? {} : { share }) } as const;
  if (direction === 'previous' && !isBefore(wanted, now))
    throw new IsthmusError(
      'USAGE',
      `${now.name} is at ${formatPosition(now)}, and ${formatPosition(wanted)} is not before it: "isthmus migrate step" goes there.`,
    );
  return wanted;
}

function isBefore(a: MigrationPosition, b: MigrationPosition): boolean {
  if (a.stage !== b.stage) return migrationStages.indexOf(a.stage) < migrationStages.indexOf(b.stage);
  return a.stage === 'Shift' && (a.share ?? 0) < (b.share ?? 0);
}
