/** How a service moves to other endpoints under one host and one address: stage by stage, each of which can be undone. */

/** In their order. What each means for callers: see docs/migration.md. */
export const migrationStages = ['Discover', 'Mirror', 'Alias', 'Join', 'Shift', 'CutOver', 'Retire'] as const;
export type MigrationStage = (typeof migrationStages)[number];

export function isAtLeast(stage: MigrationStage, least: MigrationStage): boolean {
  return migrationStages.indexOf(stage) >= migrationStages.indexOf(least);
}

/** Whole percents of requests. */
export interface MigrationShares {
  /** Ascending; the first is what the new endpoints get when they join. */
  readonly steps: readonly number[];
  /** At stage Shift; the first step when absent. */
  readonly share?: number;
}

/** The percentage of requests that the new endpoints are to take. */
export function shareAt(stage: MigrationStage, { steps, share }: MigrationShares): number {
  const [first = 1] = steps;
  if (!isAtLeast(stage, 'Join')) return 0;
  if (isAtLeast(stage, 'CutOver')) return 100;
  return stage === 'Join' ? first : (share ?? first);
}

/** Where a migration stands, or could. */
export interface MigrationPosition {
  readonly stage: MigrationStage;
  /** Only at stage Shift. */
  readonly share?: number;
}

interface Path extends MigrationShares {
  readonly alias?: string;
}

/** A migration as far as time is concerned. */
export interface MigrationProgress extends MigrationPosition {
  /** Of the plan. */
  readonly key: string;
  /** The percentage of requests that the new endpoints take. */
  readonly share: number;
  /** Milliseconds for which all requests have to have gone to the new endpoints before the host may go. */
  readonly quiet: number;
  /** Whether new endpoints are there to take requests; unknown where the service that moves is not seen. */
  readonly takers: 'there' | 'missing' | 'unknown';
}

/** Since when a migration is where it is; times in milliseconds since the epoch. */
export interface MigrationTimes {
  readonly key: string;
  readonly stage: MigrationStage;
  readonly share: number;
  readonly since: number;
  /** Since when all requests go to the new endpoints. */
  readonly cutOverSince?: number;
  /** When the host was allowed to go. */
  readonly retiredAt?: number;
}

/** All positions of a plan in their order: each step of Shift is one, and there is no Alias where none is wanted. */
function positionsOf({ steps, alias }: Path): readonly MigrationPosition[] {
  return migrationStages.flatMap((stage): readonly MigrationPosition[] => {
    if (stage === 'Alias' && alias === undefined) return [];
    return stage === 'Shift' ? steps.slice(1).map((share) => ({ stage, share })) : [{ stage }];
  });
}

function rank({ stage, share = 0 }: MigrationPosition): number {
  return migrationStages.indexOf(stage) * 1000 + share;
}

export function nextPosition(plan: Path, now: MigrationPosition): MigrationPosition | undefined {
  return positionsOf(plan).find((one) => rank(one) > rank(now));
}

export function previousPosition(plan: Path, now: MigrationPosition): MigrationPosition | undefined {
  return positionsOf(plan).findLast((one) => rank(one) < rank(now));
}
