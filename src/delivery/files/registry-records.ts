/**
 * What registries said last, on disk: one journal for all of them. It is what a control plane serves that starts while a
 * registry cannot be seen.
 */
import type { Clock } from '../../model/clock.ts';
import type { RegisteredService } from '../../model/registry.ts';
import { isRecord } from './journal-lines.ts';
import type { JournalBook, JournalFormat } from './record-journal.ts';
import { type KeptRecords, openRecords } from './shared-state.ts';
import type { StateFolder } from './state-folder.ts';

export type RegistryRecords = KeptRecords<RegisteredService>;

const format: JournalFormat<RegisteredService> = {
  header: { format: 'isthmus registrations', version: 1 },
  newBook: () => new RegistrationBook(),
};

class RegistrationBook implements JournalBook<RegisteredService> {
  readonly records = new Map<string, RegisteredService>();

  add(json: unknown): boolean {
    if (!isRecord(json) || typeof json.key !== 'string') return false;
    if (json.state === 'gone') this.records.delete(json.key);
    else if (isRegistration(json)) this.records.set(json.key, json);
    else return false;
    return true;
  }
}

/** Its line's checksum holds: we wrote it, and nobody else. */
function isRegistration(json: object): json is RegisteredService {
  return 'registry' in json && 'since' in json && 'instances' in json && Array.isArray(json.instances);
}

/** Throws STATE where the records cannot be read. */
export async function openRegistryRecords(folder: StateFolder, clock?: Clock): Promise<RegistryRecords> {
  return openRecords(folder, 'registries.journal', format, clock);
}
