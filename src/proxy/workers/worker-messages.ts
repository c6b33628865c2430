/** What the primary and its workers say to each other. Plain data. */
import type { Applied, ResourceChange } from '../config/resources.ts';
import type { MissedMutation } from '../connections/missed-mutations.ts';
import type { ProxyLimits } from '../connections/runtime.ts';
import type { UnwritableLog } from '../observation/access-log.ts';
import type { ProxySnapshot } from '../observation/snapshot.ts';
import type { ResourceNames } from '../xds-client/configuration.ts';

export interface WorkerData {
  readonly isthmusProxyWorker: true;
  readonly limits: ProxyLimits;
  readonly bucketMemory: SharedArrayBuffer;
  /** URLs of modules with codecs that the user brought along. */
  readonly codecModules: readonly string[];
}

export type WorkerQuestion =
  | { readonly kind: 'apply'; readonly number: number; readonly changes: readonly ResourceChange[] }
  | { readonly kind: 'snapshot'; readonly number: number }
  | { readonly kind: 'stop'; readonly number: number };

export type WorkerAnswer =
  | { readonly kind: 'apply'; readonly number: number; readonly applied: Applied; readonly names: ResourceNames }
  | { readonly kind: 'snapshot'; readonly number: number; readonly snapshot: ProxySnapshot }
  | { readonly kind: 'stop'; readonly number: number };

/** What a worker says: answers, and what it was not asked for. */
export type WorkerMessage =
  | WorkerAnswer
  | { readonly kind: 'fault'; readonly message: string }
  | { readonly kind: 'mutationMissed'; readonly missed: MissedMutation }
  | { readonly kind: 'logUnwritable'; readonly log: UnwritableLog };
