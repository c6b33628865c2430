/** Why an answer of a registry is not all that there may be, told apart by what would mend it. */

export type DoubtCause =
  /** It passes when the registry is sound: it has no leader, it just started, it failed at one service. */
  | 'unsettled'
  /** Our credentials may not read it. */
  | 'withheld'
  /** What is asked for by its name is not there: a root, a namespace. */
  | 'absent'
  /** It holds what can be read as no registration. */
  | 'unreadable'
  /** It holds rules that are not carried out. */
  | 'unsupported'
  /** There is more than is followed. */
  | 'bounded';

export interface Doubt {
  readonly cause: DoubtCause;
  /** Without a full stop. */
  readonly text: string;
}

/** Of an answer with a status of HTTP: whether it says that we may not, or nothing that lasts. */
export function causeOfStatus(status: number): DoubtCause {
  return status === 401 || status === 403 ? 'withheld' : 'unsettled';
}

export function describeDoubts(doubts: readonly Doubt[]): string {
  return doubts.map(({ text }) => text).join('; ');
}

/** Of a complete answer with so many instances that can be read as none: all others count. */
export function unreadableDoubts(count: number): { readonly doubts?: readonly Doubt[] } {
  if (count === 0) return {};
  const what = count === 1 ? '1 instance' : `${count} instances`;
  return { doubts: [{ cause: 'unreadable', text: `${what} can be read as no registration` }] };
}
