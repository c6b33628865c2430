/** How far a rotation has come, what it waits for, and what may be done: for people, so that no step is a surprise. */
import type { AuthorityState, Root } from './authority-state.ts';
import {
  type RootId,
  type RootRotation,
  type RotationFacts,
  type RotationStep,
  rotationSteps,
  takeStep,
} from './root-rotation.ts';

export interface AuthorityStatus {
  readonly trustDomain: string;
  readonly phase: RootRotation['phase'];
  /** When the phase began, in milliseconds since the epoch; absent outside a rotation. */
  readonly since?: number;
  /** The one that signs first. */
  readonly roots: readonly RootStatus[];
  /** Steps that are possible now. */
  readonly steps: readonly StepOutlook[];
}

export interface RootStatus {
  readonly id: RootId;
  readonly role: 'signing' | 'next' | 'previous';
  readonly subject: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface StepOutlook {
  readonly step: RotationStep;
  /** Why it is not done unless forced; absent when it is safe. */
  readonly unsafe?: string;
}

export function authorityStatus(
  { trustDomain, rotation, roots }: AuthorityState,
  facts: RotationFacts,
): AuthorityStatus {
  const known = [...roots.values()].map((root) => rootStatus(root, rotation));
  return {
    trustDomain,
    phase: rotation.phase,
    ...(rotation.phase === 'single' ? {} : { since: rotation.since }),
    roots: known.sort((a, b) => Number(b.role === 'signing') - Number(a.role === 'signing')),
    steps: rotationSteps.flatMap((step) => outlook(rotation, step, facts)),
  };
}

function rootStatus({ id, certificate }: Root, { phase, signing }: RootRotation): RootStatus {
  const other = phase === 'introduced' ? 'next' : 'previous';
  return {
    id,
    role: id === signing ? 'signing' : other,
    subject: certificate.subject,
    notBefore: certificate.notBefore.getTime(),
    notAfter: certificate.notAfter.getTime(),
  };
}

function outlook(rotation: RootRotation, step: RotationStep, facts: RotationFacts): readonly StepOutlook[] {
  const result = takeStep(rotation, step, facts);
  if (result.kind === 'impossible') return [];
  return [result.kind === 'unsafe' ? { step, unsafe: result.reason } : { step }];
}
