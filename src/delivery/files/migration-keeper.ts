/**
 * Keeps since when each migration is at its stage, over restarts, and says whose hosts may be retired: those all of whose
 * requests have gone to new endpoints for as long as their plan asks.
 *
 *   migrations --> times --> journal
 *                    `-- timer --> table of quiet plans --> mesh
 */
import type { Diff, Table } from '../../collections/collection.ts';
import { type Clock, systemClock } from '../../model/clock.ts';
import type { Finding } from '../../model/finding.ts';
import { isAtLeast, type MigrationProgress, type MigrationTimes } from '../../model/migration.ts';
import { isRecord } from './journal-lines.ts';
import type { JournalBook, JournalFormat } from './record-journal.ts';
import { type KeptRecords, openRecords } from './shared-state.ts';
import type { StateFolder } from './state-folder.ts';

const format: JournalFormat<MigrationTimes> = {
  header: { format: 'isthmus migrations', version: 1 },
  newBook: () => new TimesBook(),
};

class TimesBook implements JournalBook<MigrationTimes> {
  readonly records = new Map<string, MigrationTimes>();

  add(json: unknown): boolean {
    if (!isRecord(json) || typeof json.key !== 'string') return false;
    if (json.state === 'gone') this.records.delete(json.key);
    else if (isTimes(json)) this.records.set(json.key, json);
    else return false;
    return true;
  }
}

/** Its line's checksum holds: we wrote it, and nobody else. */
function isTimes(json: object): json is MigrationTimes {
  return 'stage' in json && 'share' in json && 'since' in json && typeof json.since === 'number';
}

export interface MigrationKeeperOptions {
  readonly folder: StateFolder;
  /** Filled with the keys of plans whose hosts may go. */
  readonly quiet: Table<string>;
  readonly batch: (change: () => void) => void;
  readonly clock?: Clock;
}

export class MigrationKeeper {
  readonly #options: MigrationKeeperOptions;
  readonly #clock: Clock;
  readonly #journal: KeptRecords<MigrationTimes>;
  readonly #times: Map<string, MigrationTimes>;
  /** Milliseconds that each plan asks for. */
  readonly #quietTimes = new Map<string, number>();
  #cancelTimer: () => void = () => {};

  private constructor(options: MigrationKeeperOptions, journal: KeptRecords<MigrationTimes>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#journal = journal;
    this.#times = new Map(journal.records);
  }

  /** Shows what was retired in an earlier run. Throws STATE where the records cannot be read. */
  static async open(options: MigrationKeeperOptions): Promise<MigrationKeeper> {
    const journal = await openRecords(options.folder, 'migrations.journal', format, options.clock);
    const keeper = new MigrationKeeper(options, journal);
    keeper.#showRetired();
    return keeper;
  }

  /** A sink for the migrations, keyed by their plans. */
  readonly accept = (diff: Diff<MigrationProgress>): void => {
    const now = this.#clock.now();
    const changes = diff.flatMap(({ key, after }) => {
      const known = this.#times.get(key);
      const record = after === undefined ? undefined : timesOf(after, known, now);
      if (record === undefined) this.#times.delete(key);
      else this.#times.set(key, record);
      if (after === undefined) this.#quietTimes.delete(key);
      else this.#quietTimes.set(key, after.quiet);
      return record === known ? [] : [{ key, record }];
    });
    this.#journal.note(changes);
    this.#schedule();
  };

  times(key: string): MigrationTimes | undefined {
    return this.#times.get(key);
  }

  findings(): readonly Finding[] {
    return this.#journal.findings();
  }

  async close(): Promise<void> {
    this.#cancelTimer();
    await this.#journal.close();
  }

  /** The table is changed by a timer only: who told of a migration is still at its batch. */
  #schedule(): void {
    this.#cancelTimer();
    const isStale = [...this.#options.quiet.keys()].some((key) => this.#times.get(key)?.retiredAt === undefined);
    const due = Math.min(
      ...[...this.#times.values()].map((times) => this.#dueOf(times)),
      isStale ? 0 : Number.POSITIVE_INFINITY,
    );
    if (due === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(Math.max(0, due - this.#clock.now()), longestTimerMs);
    this.#cancelTimer = this.#clock.after(wait, () => this.#retire());
  }

  #dueOf({ key, stage, cutOverSince, retiredAt }: MigrationTimes): number {
    const quiet = this.#quietTimes.get(key);
    if (stage !== 'Retire' || cutOverSince === undefined || quiet === undefined) return Number.POSITIVE_INFINITY;
    return retiredAt === undefined ? cutOverSince + quiet : Number.POSITIVE_INFINITY;
  }

  #retire(): void {
    const now = this.#clock.now();
    const over = [...this.#times.values()].filter((times) => this.#dueOf(times) <= now);
    for (const times of over) this.#times.set(times.key, { ...times, retiredAt: now });
    this.#journal.note(over.map(({ key }) => ({ key, record: this.#times.get(key) })));
    this.#showRetired();
    this.#schedule();
  }

  #showRetired(): void {
    const { quiet, batch } = this.#options;
    const retired = new Set([...this.#times.values()].flatMap(({ key, retiredAt }) => (retiredAt ? [key] : [])));
    batch(() => {
      for (const key of quiet.keys()) if (!retired.has(key)) quiet.delete(key);
      for (const key of retired) if (!quiet.has(key)) quiet.set(key);
    });
  }
}

/** What a timer can wait for is bounded. */
const longestTimerMs = 2 ** 31 - 1;

/** The same object where nothing changed. */
function timesOf(
  { key, stage, share, takers }: MigrationProgress,
  known: MigrationTimes | undefined,
  now: number,
): MigrationTimes {
  const isSame = known?.stage === stage && known.share === share;
  const cutOverSince = isAtLeast(stage, 'CutOver') ? sinceWhen(takers, known?.cutOverSince, now) : undefined;
  const retiredAt = stage === 'Retire' ? known?.retiredAt : undefined;
  if (isSame && cutOverSince === known.cutOverSince && retiredAt === known.retiredAt) return known;
  return {
    key,
    stage,
    share,
    since: isSame ? known.since : now,
    ...(cutOverSince === undefined ? {} : { cutOverSince }),
    ...(retiredAt === undefined ? {} : { retiredAt }),
  };
}

/** While no new endpoint is healthy, requests go to the old ones again, and the time begins anew. */
function sinceWhen(takers: MigrationProgress['takers'], known: number | undefined, now: number): number | undefined {
  if (takers === 'unknown') return known;
  return takers === 'there' ? (known ?? now) : undefined;
}
