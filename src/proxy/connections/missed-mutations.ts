/**
 * Changes that a route asks for and that were not made: the codec refused, and the caller got an error; or frames of
 * this flavour have no place for them, and went on as they were. The operator is told once for each route and reason,
 * of names and reasons only: values can be secrets.
 */
import type { Mutation } from '../../../codecs/codec.ts';
import { ToldOnce } from './told-once.ts';

const HIDDEN = '<value>';

export interface MissedMutation {
  readonly listener: string;
  readonly protocol: string;
  /** Empty where the route has no name. */
  readonly route: string;
  readonly side: 'request' | 'response';
  /** What the route sets. */
  readonly fields: readonly string[];
  readonly reason: string;
  /** The frame went on unchanged; else the caller got an error in its stead. */
  readonly forwarded: boolean;
}

export class MissedMutations {
  readonly #tell: (missed: MissedMutation) => void;
  readonly #told = new ToldOnce();

  constructor(tell: (missed: MissedMutation) => void) {
    this.#tell = tell;
  }

  note(where: Pick<MissedMutation, 'listener' | 'protocol' | 'route' | 'side'>, missed: MissedNote): void {
    const reason = withoutValues(missed.reason, missed.mutation);
    const news = { ...where, fields: fieldsOf(missed.mutation), reason, forwarded: missed.forwarded };
    if (this.#told.isNew(kindOf(news))) this.#tell(news);
  }
}

export interface MissedNote {
  readonly mutation: Mutation;
  readonly reason: string;
  readonly forwarded: boolean;
}

/** Equal for what an operator need not be told twice: a reason that only counts other bytes is the same reason. */
export function kindOf({ listener, route, side, fields, reason }: MissedMutation): string {
  return JSON.stringify([listener, route, side, fields, reason.replace(/\d+/g, '0')]);
}

function fieldsOf(mutation: Mutation): readonly string[] {
  return [...new Set(mutation.map(({ key }) => key))];
}

/** A codec may quote the value that it cannot write, also as the number that it stands for. */
function withoutValues(reason: string, mutation: Mutation): string {
  const values = new Set(mutation.flatMap(({ value }) => [value, value.trim(), String(Number(value))]));
  // The longest first: one may be part of another.
  const secrets = [...values].filter((value) => value !== '' && value !== 'NaN').toSorted(longestFirst);
  return secrets.reduce(without, reason);
}

function longestFirst(one: string, other: string): number {
  return other.length - one.length;
}

/** A short word is taken out only where it stands by itself: it would tear others apart. */
function without(text: string, value: string): string {
  if (value.length > 3 || !/^[\p{L}\p{N}]+$/u.test(value)) return text.replaceAll(value, HIDDEN);
  return text.replace(/[\p{L}\p{N}]+/gu, (word) => (word === value ? HIDDEN : word));
}
