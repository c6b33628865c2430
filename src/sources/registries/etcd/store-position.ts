/** Which store answered, and how far it was: what tells a store that goes on from one that lost its data. */
import { IsthmusError } from '../../../model/errors.ts';
import { fieldOf, numberOf, textOf } from './json-fields.ts';

/** The store is sound, and what was read of it has to be read again. */
export class ReadAgain extends IsthmusError {}

export interface Position {
  readonly clusterId: string;
  readonly revision: number;
}

/** Of an answer's header. */
export function positionOf(body: unknown): Position {
  const header = fieldOf(body, 'header');
  return { clusterId: textOf(header, 'cluster_id') ?? '', revision: numberOf(header, 'revision') };
}

/**
 * Whether what was read at `known` says nothing of the store that answers now. A cluster that starts again without data
 * may have its old id; it begins with revision 1 then.
 */
export function isOtherStore(known: Position, now: Position): boolean {
  return now.clusterId !== known.clusterId || now.revision < known.revision;
}

/** Keys that begin with it, as etcd asks for them: in base64. */
export function keyRange(prefix: string): { readonly key: string; readonly range_end: string } {
  const first = Buffer.from(prefix);
  const end = Buffer.from(prefix);
  // No byte of UTF-8 is the largest one.
  end[end.length - 1] = (end[end.length - 1] ?? 0) + 1;
  return { key: first.toString('base64'), range_end: end.toString('base64') };
}
