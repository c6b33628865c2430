/** What users should know of a journal: that it cannot be written, or was not as it was left when it was opened. */
import { type Finding, finding } from '../../model/finding.ts';
import type { JournalDamage, TornJournal } from './record-journal.ts';

export interface JournalState {
  /** Of the state folder. */
  readonly folder: string;
  readonly fileName: string;
  /** Why the last write failed. */
  readonly failure: string | undefined;
  readonly damage: JournalDamage | undefined;
  readonly torn: TornJournal | undefined;
}

/** A file that is damaged is not called torn as well: noise seldom ends with a whole line. */
export function journalFindings({ folder, fileName, failure, damage, torn }: JournalState): readonly Finding[] {
  const object = { kind: 'StateFolder', name: folder };
  if (damage !== undefined) {
    const message = `${fileName}: ${describeDamage(damage)}.`;
    return [...unwritable(object, failure), finding('ISTH0902', { object, message })];
  }
  if (torn === undefined) return unwritable(object, failure);
  return [...unwritable(object, failure), finding('ISTH0903', { object, message: describeTorn(fileName, torn) })];
}

function unwritable(object: Finding['object'], failure: string | undefined): readonly Finding[] {
  return failure === undefined ? [] : [finding('ISTH0901', { object, message: failure })];
}

function describeDamage({ lines, copy }: JournalDamage): string {
  const kept = copy === undefined ? 'the damaged file could not be set aside' : `the damaged file is kept as ${copy}`;
  return `${lines} record${lines === 1 ? '' : 's'} could not be read; ${kept}`;
}

function describeTorn(fileName: string, { bytes, whole }: TornJournal): string {
  if (bytes === 0) return `${fileName} is empty: what it held is made again as far as it can be.`;
  return `${fileName} ends in the middle of a record: ${whole} of its ${bytes} bytes could be used.`;
}
