/**
 * Which workloads have a certificate that may be alive, and which roots they were seen to trust: no new root signs while one of
 * them is away that knows the old ones alone. By workload and not by replica, so that one that was replaced keeps nobody waiting;
 * forgotten when the certificate has ended, for then they have to come anew. Kept in the state folder, a moment late.
 */
import type { Clock } from '../model/clock.ts';
import type { RootId } from './root-rotation.ts';

export interface LeafHolder {
  /** SPIFFE id. */
  readonly key: string;
  /** Later than any leaf that it was given, in milliseconds since the epoch. */
  readonly until: number;
  readonly trusts: readonly RootId[];
}

/** See delivery/files/gathered-journal.ts. */
export interface HolderJournal {
  readonly records: ReadonlyMap<string, LeafHolder>;
  note(changes: readonly { readonly key: string; readonly record: LeafHolder | undefined }[]): void;
}

/** What is written is good for so long: a workload with many proxies is not written with each. */
const spareMs = 10 * 60_000;

export class LeafHolders {
  readonly #journal: HolderJournal;
  readonly #clock: Clock;
  readonly #holders: Map<string, LeafHolder>;

  constructor(journal: HolderJournal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
    this.#holders = new Map(journal.records);
  }

  /** A workload has a leaf, and the roots that came with it where it has taken them for good. */
  given(identity: string, until: number, trusts: readonly RootId[] = []): void {
    const known = this.#holders.get(identity);
    const isKnown = known !== undefined && known.until >= until && includesAll(known.trusts, trusts);
    if (isKnown) return;
    const all = new Set([...(known?.trusts ?? []), ...trusts]);
    this.#keep({ key: identity, until: Math.max(known?.until ?? 0, until + spareMs), trusts: [...all].sort() });
  }

  /** All proxies of it that are there have acknowledged these roots; those that are gone need nobody's trust any more. */
  trusting(identity: string, roots: readonly RootId[]): void {
    const known = this.#holders.get(identity);
    if (known === undefined || (includesAll(known.trusts, roots) && includesAll(roots, known.trusts))) return;
    this.#keep({ ...known, trusts: [...roots].sort() });
  }

  /** What another replica knows of a workload; `trusts`: the roots that it was seen to trust there. */
  learn({ key, until, trusts }: LeafHolder): void {
    const known = this.#holders.get(key);
    if (known !== undefined && known.until >= until && includesAll(known.trusts, trusts)) return;
    const all = new Set([...(known?.trusts ?? []), ...trusts]);
    this.#keep({ key, until: Math.max(known?.until ?? 0, until), trusts: [...all].sort() });
  }

  /** Those with a leaf that may be alive that were not seen to trust all of these roots, by name. */
  lacking(roots: readonly RootId[]): readonly LeafHolder[] {
    return this.all().filter(({ trusts }) => !includesAll(trusts, roots));
  }

  /** All with a leaf that may be alive, by name. */
  all(): readonly LeafHolder[] {
    this.#forgetEnded();
    return [...this.#holders.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #forgetEnded(): void {
    const now = this.#clock.now();
    const ended = [...this.#holders.values()].filter(({ until }) => until <= now);
    for (const { key } of ended) this.#holders.delete(key);
    this.#journal.note(ended.map(({ key }) => ({ key, record: undefined })));
  }

  #keep(holder: LeafHolder): void {
    this.#holders.set(holder.key, holder);
    this.#journal.note([{ key: holder.key, record: holder }]);
  }
}

function includesAll(all: readonly RootId[], some: readonly RootId[]): boolean {
  return some.every((id) => all.includes(id));
}
