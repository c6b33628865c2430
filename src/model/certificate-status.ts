/** How the certificates of the mesh stand: who signs, who is trusted, who knows of it, and what may be done next. */
export const rotationMoves = ['begin', 'switch', 'finish', 'abort'] as const;
/** A step of a rotation of the root; see security/root-rotation.ts. */
export type RotationMove = (typeof rotationMoves)[number];

/** Times in milliseconds since the epoch. */
export interface CertificateStatus {
  readonly trustDomain: string;
  /** What signs: `built in`, or where it stands. */
  readonly issuer: string;
  /** Absent where the issuer's roots are rotated where it stands. */
  readonly rotation?: RotationStatus;
  /** Those that are trusted; the one that signs first. */
  readonly roots: readonly TrustedRoot[];
  readonly proxies: ProxiesAndRoots;
  readonly leaves: KeptLeaves;
}

export interface RotationStatus {
  readonly phase: 'single' | 'introduced' | 'switched';
  /** When the phase began; absent outside a rotation. */
  readonly since?: number;
  /** What is possible now. */
  readonly steps: readonly { readonly step: RotationMove /** Absent when it is safe. */; readonly unsafe?: string }[];
}

export interface TrustedRoot {
  /** SHA-256 of the certificate. */
  readonly id: string;
  readonly role: 'signing' | 'next' | 'previous' | 'trusted';
  readonly subject: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Certificates of workloads that it signed, of those that are looked after here. */
  readonly leaves: number;
}

export interface ProxiesAndRoots {
  /** Proxies that are connected and take their roots from here. */
  readonly connected: number;
  /** Of these, those that have acknowledged all that they were to be told. */
  readonly trusting: number;
  /** Ids of some of the others, in order. */
  readonly waiting: readonly string[];
}

export interface KeptLeaves {
  readonly count: number;
  /** When the first of them ends. */
  readonly firstEnd?: number;
  /** How many could not be issued or renewed at the last try. */
  readonly failing: number;
}

export type RotationOutcome =
  | { readonly kind: 'done'; readonly status: CertificateStatus }
  /** `impossible` in this phase; `unsafe` may be forced. */
  | { readonly kind: 'impossible' | 'unsafe'; readonly reason: string };
