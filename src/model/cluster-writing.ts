/** How the objects stand that this control plane keeps in a cluster: what findings, the admin API and commands tell of. */
import type { ObjectRef } from './finding.ts';

/** One object that is not written. */
export interface WriteTrouble {
  readonly object: ObjectRef;
  /** The object of a user that it comes from. */
  readonly origin: ObjectRef;
  /** foreign: somebody else has one of that name. */
  readonly cause: 'foreign' | 'refused' | 'too-large';
  readonly message: string;
}

/** A namespace in which nothing is written. */
export interface NamespaceTrouble {
  readonly namespace: string;
  readonly cause: 'namespace-absent' | 'namespace-terminating' | 'no-right';
  readonly message: string;
  /** How many objects wait. */
  readonly waiting: number;
}

/** An object that somebody else keeps changing. */
export interface WriteFight {
  readonly object: ObjectRef;
  readonly origin: ObjectRef;
  /** The name under which they write; empty where nobody says. */
  readonly by: string;
}

export interface KindWriting {
  readonly kind: string;
  /** As kubectl names it, `serviceentries.networking.istio.io`; of the core group its plural alone. */
  readonly resource: string;
  /** Of the watch of what we own. */
  readonly state: 'syncing' | 'live' | 'stale' | 'absent' | 'forbidden';
  /** Empty while it is live. */
  readonly reason: string;
  readonly wanted: number;
  /** How many are there. */
  readonly owned: number;
  /** Deletions that wait to be released; times in milliseconds since the epoch. */
  readonly held?: { readonly objects: readonly string[]; readonly since: number; readonly due: number };
  /** `namespace/name` of objects with our labels that we did not write. */
  readonly strangers: readonly string[];
  readonly troubles: readonly WriteTrouble[];
  readonly namespaces: readonly NamespaceTrouble[];
  readonly fights: readonly WriteFight[];
}

/** What may be asked of who writes. */
export interface ClusterWritingControl {
  status(): ClusterWriting;
  /**
   * Carries out deletions that are held: of one kind, or of all. Gives the objects. `by`: who asks, in their own words. Throws STATE
   * where it cannot be kept who it was; nothing is released then.
   */
  release(kind: string | undefined, by: string): Promise<readonly string[]>;
}

export interface ClusterWriting {
  readonly isWriter: boolean;
  /** Whether every source is seen whole: until then nothing is deleted. */
  readonly isComplete: boolean;
  /** How many objects have something to be done, or are to be tried again. */
  readonly queued: number;
  /** Whether the API server cannot be reached, or asked to be left alone. */
  readonly isHalted: boolean;
  readonly kinds: readonly KindWriting[];
}
