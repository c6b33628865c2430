/**
 * Deletions that the writer holds in the cluster, as its own ConfigMap tells: for who looks at the cluster from outside.
 *
 *   [{ kind, objects: how many, due: when they go by themselves }]
 */
import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import type { KindWriting } from '../../../model/cluster-writing.ts';

export const holdsTopic = 'held';

/** Its word is true while nothing is deleted since something cannot be seen; nothing is told otherwise. */
export const waitingTopic = 'deletions-wait';

export interface SharedHold {
  readonly kind: string;
  readonly objects: number;
  /** Milliseconds since the epoch. */
  readonly due: number;
}

/** Undefined where nothing is held: nothing is told then. */
export function sharedHolds(kinds: readonly KindWriting[]): readonly SharedHold[] | undefined {
  const holds = kinds.flatMap(({ kind, held }) =>
    held === undefined ? [] : [{ kind, objects: held.objects.length, due: held.due }],
  );
  return holds.length === 0 ? undefined : holds;
}

/** Nothing of what is no such word: it may be that of another version. */
export function readSharedHolds(text: unknown): readonly SharedHold[] {
  if (typeof text !== 'string') return [];
  try {
    const word: unknown = JSON.parse(text);
    return (Array.isArray(word) ? word : []).flatMap((one: unknown) => readHold(one) ?? []);
  } catch {
    return [];
  }
}

function readHold(one: unknown): SharedHold | undefined {
  const [kind, objects, due] = [textOf(one, 'kind'), fieldOf(one, 'objects'), fieldOf(one, 'due')];
  if (kind === undefined || typeof objects !== 'number' || typeof due !== 'number') return undefined;
  return { kind, objects, due };
}
