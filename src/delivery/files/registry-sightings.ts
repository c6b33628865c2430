/**
 * When each registry was last seen whole, on disk: a control plane that starts while one cannot be seen says how old it
 * is what it serves. Written now and then, and at the end; a crash costs a minute of the age.
 */
import type { Clock } from '../../model/clock.ts';
import { isRecord } from './journal-lines.ts';
import type { JournalBook, JournalFormat } from './record-journal.ts';
import { type KeptRecords, openRecords } from './shared-state.ts';
import type { StateFolder } from './state-folder.ts';

export interface RegistrySighting {
  /** Name of the registry. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const format: JournalFormat<RegistrySighting> = {
  header: { format: 'isthmus registry sightings', version: 1 },
  newBook: () => new SightingBook(),
};

class SightingBook implements JournalBook<RegistrySighting> {
  readonly records = new Map<string, RegistrySighting>();

  add(json: unknown): boolean {
    if (!isRecord(json) || typeof json.key !== 'string') return false;
    if (json.state === 'gone') this.records.delete(json.key);
    else if (isSighting(json)) this.records.set(json.key, json);
    else return false;
    return true;
  }
}

/** Its line's checksum holds: we wrote it, and nobody else. */
function isSighting(json: object): json is RegistrySighting {
  return 'at' in json && typeof json.at === 'number';
}

/** Throws STATE where the records cannot be read. */
export async function openRegistrySightings(
  folder: StateFolder,
  clock?: Clock,
): Promise<KeptRecords<RegistrySighting>> {
  return openRecords(folder, 'registry-sightings.journal', format, clock);
}
