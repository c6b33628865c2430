/** A journal of words, for tests of what is the same for all journals. */
import { isRecord } from './journal-lines.ts';
import type { JournalFormat, RecordChange } from './record-journal.ts';

export interface Word {
  readonly key: string;
}

export const wordFormat: JournalFormat<Word> = {
  header: { format: 'isthmus words', version: 1 },
  newBook: () => {
    const records = new Map<string, Word>();
    const add = (json: unknown): boolean => {
      if (!isRecord(json) || typeof json.key !== 'string') return false;
      records.set(json.key, { key: json.key });
      return true;
    };
    return { records, add };
  },
};

/** What adds the word to a journal. */
export function word(key: string): RecordChange<Word> {
  return { key, record: { key } };
}
