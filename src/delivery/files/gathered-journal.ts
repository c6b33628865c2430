/**
 * A journal whose writes are not waited for: changes are gathered for a moment and written together. What is lost with a
 * crash is what would be said again, or is a moment's worth of time.
 */
import { type Clock, systemClock } from '../../model/clock.ts';
import { messageOf } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import { journalFindings } from './journal-findings.ts';
import { type JournalFormat, type RecordChange, RecordJournal } from './record-journal.ts';
import type { StateFolder } from './state-folder.ts';

/** A busy mesh costs a few writes a second. */
const gatherMs = 200;
const retryMs = 5_000;

export class GatheredJournal<T> {
  readonly #folder: StateFolder;
  readonly #fileName: string;
  readonly #clock: Clock;
  readonly #journal: RecordJournal<T>;
  #pending = new Map<string, RecordChange<T>>();
  #writing: Promise<void> | undefined;
  #failure: string | undefined;
  #cancelTimer: (() => void) | undefined;

  private constructor(folder: StateFolder, fileName: string, journal: RecordJournal<T>, clock: Clock) {
    this.#folder = folder;
    this.#fileName = fileName;
    this.#journal = journal;
    this.#clock = clock;
  }

  /** Throws STATE where the records cannot be read. */
  static async open<T>(
    folder: StateFolder,
    fileName: string,
    format: JournalFormat<T>,
    clock: Clock = systemClock,
  ): Promise<GatheredJournal<T>> {
    return new GatheredJournal(folder, fileName, await RecordJournal.open(folder, fileName, format), clock);
  }

  /** What is written. */
  get records(): ReadonlyMap<string, T> {
    return this.#journal.records;
  }

  note(changes: readonly RecordChange<T>[]): void {
    for (const change of changes) this.#pending.set(change.key, change);
    if (changes.length > 0) this.#soon(gatherMs);
  }

  findings(): readonly Finding[] {
    const { damage, torn } = this.#journal;
    const { path: folder } = this.#folder;
    return journalFindings({ folder, fileName: this.#fileName, failure: this.#failure, damage, torn });
  }

  /** Writes what is pending. */
  async close(): Promise<void> {
    this.#cancel();
    await this.#writing;
    await this.#write();
    this.#cancel();
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #soon(ms: number): void {
    if (this.#cancelTimer !== undefined || this.#writing !== undefined) return;
    this.#cancelTimer = this.#clock.after(ms, () => {
      this.#cancelTimer = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        if (this.#pending.size > 0) this.#soon(this.#failure === undefined ? gatherMs : retryMs);
      });
    });
  }

  async #write(): Promise<void> {
    const changes = this.#pending;
    if (changes.size === 0) return;
    this.#pending = new Map();
    try {
      await this.#journal.append([...changes.values()]);
      this.#failure = undefined;
    } catch (error) {
      this.#failure = messageOf(error);
      // What changed meanwhile is newer.
      this.#pending = new Map([...changes, ...this.#pending]);
    }
  }
}
