/** Which workloads have a certificate, on disk: see security/leaf-holders.ts. A crash costs a moment's worth of them. */
import { isRecord } from '../../delivery/files/journal-lines.ts';
import type { JournalBook, JournalFormat } from '../../delivery/files/record-journal.ts';
import { type KeptRecords, openRecords } from '../../delivery/files/shared-state.ts';
import type { StateFolder } from '../../delivery/files/state-folder.ts';
import type { LeafHolder } from '../../security/leaf-holders.ts';

const format: JournalFormat<LeafHolder> = {
  header: { format: 'isthmus certificate holders', version: 1 },
  newBook: () => new HolderBook(),
};

class HolderBook implements JournalBook<LeafHolder> {
  readonly records = new Map<string, LeafHolder>();

  add(json: unknown): boolean {
    if (!isRecord(json) || typeof json.key !== 'string') return false;
    if (json.state === 'gone') this.records.delete(json.key);
    else if (isHolder(json)) this.records.set(json.key, json);
    else return false;
    return true;
  }
}

/** Its line's checksum holds: we wrote it, and nobody else. */
function isHolder(json: object): json is LeafHolder {
  return 'until' in json && typeof json.until === 'number' && 'trusts' in json && Array.isArray(json.trusts);
}

/** Throws STATE where the records cannot be read. */
export async function openLeafHolderJournal(folder: StateFolder): Promise<KeptRecords<LeafHolder>> {
  return openRecords(folder, 'certificate-holders.journal', format);
}
