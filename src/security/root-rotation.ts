/**
 * The rotation of a root by overlap, as a pure state machine:
 *
 *   single --begin--> introduced --switch--> switched --finish--> single
 *   sign and           sign with old,         sign with new,       the new one alone
 *   trust one          trust both             trust both
 *     ^------abort--------'  ^------abort---------'
 *
 * No step that is not forced takes trust from a root while a leaf of it may be alive, or signs with a root that proxies are
 * known not to trust yet.
 */

/** Roots go by the SHA-256 of their certificate. */
export type RootId = string;

/** Times in milliseconds since the epoch. */
export type RootRotation =
  | { readonly phase: 'single'; readonly signing: RootId }
  | {
      readonly phase: 'introduced';
      readonly signing: RootId;
      readonly next: RootId;
      readonly since: number;
      /** Later than any leaf of the next root: it has some after it was switched to and back. */
      readonly nextLeavesUntil: number;
    }
  | {
      readonly phase: 'switched';
      readonly signing: RootId;
      readonly previous: RootId;
      readonly since: number;
      /** Later than any leaf of the previous root. */
      readonly previousLeavesUntil: number;
    };

export type RotationStep = 'switch' | 'finish' | 'abort';
export const rotationSteps: readonly RotationStep[] = ['switch', 'finish', 'abort'];

export interface RotationFacts {
  readonly now: number;
  /** Later than any leaf that the signing root has signed, or will until the step is done. */
  readonly signingLeavesUntil: number;
  /** Who is known not to have the trust bundle of now: proxies that are there, and workloads with a leaf that are not. */
  readonly untrusting: readonly string[];
  /** How long a new root is to be trusted before it signs: for those of whom nothing is known. Counts anew at each start. */
  readonly settleMs: number;
}

export type StepResult =
  | { readonly kind: 'done'; readonly rotation: RootRotation }
  /** `impossible` in this phase; `unsafe` may be forced. */
  | { readonly kind: 'impossible' | 'unsafe'; readonly reason: string };

export function trustedRoots(rotation: RootRotation): readonly RootId[] {
  if (rotation.phase === 'single') return [rotation.signing];
  return [rotation.signing, rotation.phase === 'introduced' ? rotation.next : rotation.previous];
}

/** From here on both roots are trusted, and the old one signs. */
export function beginRotation(rotation: RootRotation, next: RootId, now: number): StepResult {
  if (rotation.phase !== 'single') return impossible('a rotation is under way: finish it or abort it first');
  const { signing } = rotation;
  return done({ phase: 'introduced', signing, next, since: now, nextLeavesUntil: 0 });
}

export function takeStep(
  rotation: RootRotation,
  step: RotationStep,
  facts: RotationFacts,
  { force = false }: { readonly force?: boolean } = {},
): StepResult {
  if (rotation.phase === 'single') return impossible('no rotation is under way');
  const result =
    rotation.phase === 'introduced' ? fromIntroduced(rotation, step, facts) : fromSwitched(rotation, step, facts);
  if ('reason' in result || result.risk === undefined || force)
    return 'reason' in result ? result : done(result.rotation);
  return { kind: 'unsafe', reason: result.risk };
}

type Outlook =
  | { readonly rotation: RootRotation; readonly risk: string | undefined }
  | { readonly kind: 'impossible'; readonly reason: string };

type Introduced = Extract<RootRotation, { phase: 'introduced' }>;
type Switched = Extract<RootRotation, { phase: 'switched' }>;

function fromIntroduced(rotation: Introduced, step: RotationStep, facts: RotationFacts): Outlook {
  const { signing, next, since, nextLeavesUntil } = rotation;
  if (step === 'finish') return impossible('the new root does not sign yet: switch to it first');
  if (step === 'abort') {
    return { rotation: { phase: 'single', signing }, risk: aliveRisk('new', nextLeavesUntil, facts.now) };
  }
  const switched = { phase: 'switched', signing: next, previous: signing, since: facts.now } as const;
  return {
    rotation: { ...switched, previousLeavesUntil: facts.signingLeavesUntil },
    risk: spreadRisk(since, facts),
  };
}

function fromSwitched(rotation: Switched, step: RotationStep, facts: RotationFacts): Outlook {
  const { signing, previous, previousLeavesUntil } = rotation;
  if (step === 'switch') return impossible('the new root signs already');
  if (step === 'finish') {
    return { rotation: { phase: 'single', signing }, risk: aliveRisk('old', previousLeavesUntil, facts.now) };
  }
  // The old root has been trusted all along: nobody has to learn of it.
  const introduced = { phase: 'introduced', signing: previous, next: signing, since: facts.now } as const;
  return { rotation: { ...introduced, nextLeavesUntil: facts.signingLeavesUntil }, risk: undefined };
}

function aliveRisk(which: 'old' | 'new', leavesUntil: number, now: number): string | undefined {
  if (now >= leavesUntil) return undefined;
  return `certificates of the ${which} root may be alive until ${new Date(leavesUntil).toISOString()}`;
}

function spreadRisk(since: number, { now, untrusting, settleMs }: RotationFacts): string | undefined {
  if (untrusting.length > 0) return describeUntrusting(untrusting, 'the new root');
  if (now >= since + settleMs) return undefined;
  return `the new root is trusted since ${new Date(since).toISOString()}; it may sign ${settleMs / 1000} s later`;
}

const namedAtMost = 10;

/** Who does not trust what yet, the first of them by name. */
export function describeUntrusting(names: readonly string[], what: string): string {
  const proxies = names.length === 1 ? '1 proxy does' : `${names.length} proxies do`;
  const more = names.length > namedAtMost ? ` and ${names.length - namedAtMost} more` : '';
  return `${proxies} not trust ${what} yet: ${names.slice(0, namedAtMost).join(', ')}${more}`;
}

/** After a start: in the time before nobody could learn of the new root. */
export function afterStart(rotation: RootRotation, now: number): RootRotation {
  return rotation.phase === 'introduced' ? { ...rotation, since: Math.max(now, rotation.since) } : rotation;
}

function done(rotation: RootRotation): StepResult {
  return { kind: 'done', rotation };
}

function impossible(reason: string): { readonly kind: 'impossible'; readonly reason: string } {
  return { kind: 'impossible', reason };
}
