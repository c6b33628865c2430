/**
 * Records on disk, by key: an append-only file, rewritten whole when most of it is out of date.
 *
 *   append(changes) -> one write, one fsync -> resolved: the changes survive a kill and a power failure
 *
 * A line that was torn by a crash is at the end and was never promised to anybody; damage elsewhere is set aside and what
 * can still be read stays. What never happens: a promise before the bytes are on disk, and a file that holds half of a
 * rewrite.
 */
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { encodeLine, type JournalHeader, readLines } from './journal-lines.ts';
import type { StateFolder } from './state-folder.ts';

/** What became of a record; without one, it is forgotten. */
export interface RecordChange<T> {
  readonly key: string;
  readonly record: T | undefined;
}

export interface JournalFormat<T> {
  readonly header: JournalHeader;
  /** Takes the lines of a file, one after the other: see JournalBook. */
  readonly newBook: () => JournalBook<T>;
}

export interface JournalBook<T> {
  readonly records: Map<string, T>;
  /** False for what is no record. */
  add(json: unknown): boolean;
}

/** The line that says that a record is forgotten. */
export function goneLine(key: string): { readonly key: string; readonly state: 'gone' } {
  return { key, state: 'gone' };
}

/** A rewrite pays when the file has more than twice the records it needs, and some more. */
const spareRecords = 1000;

/** What was found damaged when the journal was opened. */
export interface JournalDamage {
  readonly lines: number;
  /** The name under which the damaged file was kept; undefined where the folder could not be written. */
  readonly copy: string | undefined;
}

/**
 * A file whose last line is not whole, or that holds nothing though each file begins with a header: bytes, and how many of
 * them are whole lines. A crash in a write tears a line that nobody was promised; a file that was cut looks the same.
 */
export interface TornJournal {
  readonly bytes: number;
  readonly whole: number;
}

export class RecordJournal<T> {
  readonly damage: JournalDamage | undefined;
  readonly torn: TornJournal | undefined;
  readonly #folder: StateFolder;
  readonly #fileName: string;
  readonly #format: JournalFormat<T>;
  readonly #records: Map<string, T>;
  #length: number;
  #lines: number;
  /** Set when nobody knows what the file holds behind the length: the next write is a rewrite. */
  #needsRewrite: boolean;

  private constructor(folder: StateFolder, fileName: string, format: JournalFormat<T>, state: JournalState<T>) {
    this.#folder = folder;
    this.#fileName = fileName;
    this.#format = format;
    this.#records = state.records;
    this.#length = state.length;
    this.#lines = state.lines;
    this.#needsRewrite = state.length === 0 || state.damage !== undefined;
    this.damage = state.damage;
    this.torn = state.torn;
  }

  /** Throws STATE if there is a journal that cannot be read: to start without it would forget what was promised. */
  static async open<T>(folder: StateFolder, fileName: string, format: JournalFormat<T>): Promise<RecordJournal<T>> {
    const bytes = await folder.read(fileName).catch((error: unknown) => {
      const what = format.header.format.replace(/^isthmus /, '');
      throw new IsthmusError('STATE', `the ${what} in ${folder.path} cannot be read: ${messageOf(error)}`, {
        cause: error,
      });
    });
    const book = format.newBook();
    const { records: lines, length, damaged } = readLines(bytes ?? nothing, format.header, (json) => book.add(json));
    const isTorn = bytes !== undefined && (bytes.length === 0 || bytes.length > length);
    const torn = isTorn ? { bytes: bytes.length, whole: length } : undefined;
    const state = { records: book.records, lines, length, torn };
    if (damaged === 0) return new RecordJournal(folder, fileName, format, { ...state, damage: undefined });
    // First the copy, then the rewrite in one step: a crash in between leaves the file as it was.
    const copy = await folder.keepCopy(fileName).catch(() => undefined);
    return new RecordJournal(folder, fileName, format, { ...state, damage: { lines: damaged, copy } });
  }

  get records(): ReadonlyMap<string, T> {
    return this.#records;
  }

  /** Resolves when the changes are durable. After a rejection they may be or not; the next append brings the file in order. */
  async append(changes: readonly RecordChange<T>[]): Promise<void> {
    for (const { key, record } of changes) {
      if (record === undefined) this.#records.delete(key);
      else this.#records.set(key, record);
    }
    if (this.#needsRewrite || this.#lines + changes.length > 2 * this.#records.size + spareRecords) {
      await this.#rewrite();
      return;
    }
    let text = '';
    for (const { key, record } of changes) text += encodeLine(record ?? goneLine(key));
    const bytes = Buffer.from(text);
    this.#needsRewrite = true;
    await this.#folder.write(this.#fileName, bytes, this.#length);
    this.#needsRewrite = false;
    this.#length += bytes.length;
    this.#lines += changes.length;
  }

  async #rewrite(): Promise<void> {
    this.#needsRewrite = true;
    let text = encodeLine(this.#format.header);
    for (const record of this.#records.values()) text += encodeLine(record);
    const bytes = Buffer.from(text);
    await this.#folder.replace(this.#fileName, bytes);
    this.#needsRewrite = false;
    this.#length = bytes.length;
    this.#lines = this.#records.size;
  }
}

interface JournalState<T> {
  readonly records: Map<string, T>;
  readonly lines: number;
  readonly length: number;
  readonly damage: JournalDamage | undefined;
  readonly torn: TornJournal | undefined;
}

const nothing = Buffer.alloc(0);
