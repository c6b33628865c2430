/** What becomes of an object that another bridge into Istio left, when it is taken over. */
import type { ObjectRef } from './finding.ts';

/** Of Istio's API: what bridges write, and what a person may hand over by its name. */
export const adoptableKinds = ['ServiceEntry', 'EnvoyFilter', 'VirtualService'] as const;

export type AdoptionKind =
  /** Its address becomes a lease of ours: it does not move. */
  | 'lease'
  /** It becomes ours, and is kept up to date or taken away as any of ours. */
  | 'adopt'
  /** It keeps nothing out any more when nobody answers for it. */
  | 'relax'
  /** There is nothing left to do for it. */
  | 'done'
  /** It stays as it is, and what has to come first is said. */
  | 'wait'
  /** It cannot be taken over. */
  | 'refuse';

export interface AdoptionStep {
  readonly object: ObjectRef;
  readonly does: AdoptionKind;
  /** For people: what happens, or why not. */
  readonly why: string;
}
