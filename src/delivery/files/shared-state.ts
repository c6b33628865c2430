/**
 * State that several control planes have together: what a folder, which one has for itself, needs not. Keepers of records and
 * keys ask by these functions, and need not know which it is.
 */
import type { Clock } from '../../model/clock.ts';
import type { Finding } from '../../model/finding.ts';
import { GatheredJournal } from './gathered-journal.ts';
import type { JournalFormat, RecordChange } from './record-journal.ts';
import type { StateFolder } from './state-folder.ts';

/** Records whose writes are not waited for. */
export interface KeptRecords<T> {
  readonly records: ReadonlyMap<string, T>;
  note(changes: readonly RecordChange<T>[]): void;
  findings(): readonly Finding[];
  /** Writes what is pending. */
  close(): Promise<void>;
}

export interface SharedState extends StateFolder {
  /** In its own way, not as a journal. */
  openRecords<T>(name: string, format: JournalFormat<T>): Promise<KeptRecords<T>>;
  turn(name: string): Promise<void>;
  follow(name: string, listener: () => void): () => void;
}

/** Throws STATE where the records cannot be read. */
export async function openRecords<T>(
  state: StateFolder,
  name: string,
  format: JournalFormat<T>,
  clock?: Clock,
): Promise<KeptRecords<T>> {
  return isShared(state) ? state.openRecords(name, format) : GatheredJournal.open(state, name, format, clock);
}

/** Resolves once there is such a file, or it is for us to make it. */
export async function untilTurn(state: StateFolder, name: string): Promise<void> {
  if (isShared(state)) await state.turn(name);
}

/** Told when another control plane has written it. */
export function followFile(state: StateFolder, name: string, listener: () => void): () => void {
  return isShared(state) ? state.follow(name, listener) : () => {};
}

function isShared(state: StateFolder): state is SharedState {
  return 'openRecords' in state;
}
