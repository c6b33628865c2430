/** What the commands that install, remove and check a control plane in a cluster ask of the composition roots. */

import type { PlainMap } from '../resources/plain-values.ts';
import type { ClusterChoice } from './cluster-choice.ts';

export interface Installation extends ClusterChoice {
  readonly release: string;
  readonly namespace: string;
}

export interface InstallWish extends Installation {
  /** Of the chart; later ones win. */
  readonly values: readonly PlainMap[];
  /** Something has to be there already. */
  readonly isUpgrade: boolean;
  /** Not to begin with the values of before. */
  readonly resetValues: boolean;
  /** Fields that others wrote are taken over. */
  readonly force: boolean;
  readonly wait: boolean;
  readonly timeoutMs: number;
  readonly progress: (text: string) => void;
}

export interface InstallOutcome {
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly version: string;
  /** The version that was there. */
  readonly before: string | undefined;
}

export interface UninstallWish extends Installation {
  /** Where nothing records it: what Helm installed. */
  readonly revision: string;
  /** False: nothing is done, and the outcome says what would be. */
  readonly isConfirmed: boolean;
  /** With the objects of users that are in them. */
  readonly isWithDefinitions: boolean;
  readonly timeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly progress: (text: string) => void;
}

export interface UninstallOutcome {
  readonly isDone: boolean;
  /** Names of objects. */
  readonly installed: readonly string[];
  /** What the control plane wrote. */
  readonly written: readonly string[];
  /** Objects of users into whose status it wrote. */
  readonly statuses: number;
  /** Virtual IPs that were in use: tombstones from then on. */
  readonly bound: number;
  /** Those that were so before. */
  readonly tombstones: number;
  /** Absent where there is none, where it is ours to remove, or where another control plane is in it. */
  readonly keptNamespace?: string;
  /** What it wrote, or what was installed, and stays all the same. */
  readonly kept: readonly KeptObject[];
  readonly removedDefinitions: readonly string[];
  /** Since there are objects of their kinds. */
  readonly keptDefinitions: readonly string[];
}

export interface KeptObject {
  readonly name: string;
  /** With what to do about it. Ends with a full stop, or with a command. */
  readonly why: string;
}

export interface CheckWish extends Installation {
  readonly revision: string;
  /** Before anything is installed. */
  readonly isPre: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** One question, and what came of it. */
export interface CheckResult {
  readonly section: string;
  readonly check: string;
  /** skipped: there is nothing of which it could be asked. */
  readonly result: 'passed' | 'failed' | 'warning' | 'skipped';
  /** What was found; empty where it passed and nothing is to be said. */
  readonly message: string;
  /** What to do; empty where it passed. */
  readonly hint: string;
}

export interface InstallationActions {
  install(wish: InstallWish): Promise<InstallOutcome>;
  /** What would be applied, without a cluster. */
  renderInstallation(wish: Pick<InstallWish, 'release' | 'namespace' | 'values'>): readonly PlainMap[];
  /** `a.b=1,c={x,y}` as a value of the chart. Throws USAGE. */
  parseSetting(text: string): PlainMap;
  /** The same, with each value as a text. Throws USAGE. */
  parseTextSetting(text: string): PlainMap;
  uninstall(wish: UninstallWish): Promise<UninstallOutcome>;
  checkCluster(wish: CheckWish): Promise<readonly CheckResult[]>;
}
