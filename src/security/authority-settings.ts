/** What the built-in authority is told, and what it takes where it is told nothing. */
import { type Clock, systemClock } from '../model/clock.ts';
import { longestLeafMs } from './issuer.ts';
import type { KeyAlgorithm } from './key-algorithms.ts';

/** A file of secrets: see delivery/files/sealed-file.ts. */
export interface SecretFile {
  readonly place: string;
  /** What to do when the file is damaged: a sentence. */
  readonly remedy: string;
  /** Undefined where there was never a value. Throws STATE where there is less than one. */
  read(): Promise<unknown>;
  write(value: unknown): Promise<void>;
  isOpenToOthers(): Promise<boolean>;
}

export interface AuthorityOptions {
  readonly trustDomain: string;
  readonly file: SecretFile;
  /** Of roots that are made from now on. */
  readonly rootAlgorithm?: KeyAlgorithm;
  readonly rootLifetimeMs?: number;
  /** The longest life of a leaf; at most 24 hours. */
  readonly leafLifetimeMs?: number;
  /** How long a new root is trusted before it signs. */
  readonly settleMs?: number;
  /** Who is known not to have acknowledged the roots of now, by name. */
  readonly untrusting?: () => readonly string[];
  readonly clock?: Clock;
  /** Calls back when another control plane has written the file; gives what calls it off. */
  readonly follow?: (changed: () => void) => () => void;
}

export type AuthoritySettings = Required<AuthorityOptions>;

export const authorityDefaults = {
  rootAlgorithm: 'ecdsa-p256',
  rootLifetimeMs: 10 * 365 * 24 * 3_600_000,
  leafLifetimeMs: longestLeafMs,
  settleMs: 60_000,
  untrusting: (): readonly string[] => [],
  clock: systemClock,
  follow: () => () => {},
} as const;
