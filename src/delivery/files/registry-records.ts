/**
 * What registries said last, on disk: one journal for all of them. It is what a control plane serves that starts while a
 * registry cannot be seen. Writing it is not waited for: what is lost with a crash is what the registry says again.
 */
import { type Clock, systemClock } from '../../model/clock.ts';
import { messageOf } from '../../model/errors.ts';
import { type Finding, finding } from '../../model/finding.ts';
import type { RegisteredService } from '../../model/registry.ts';
import { isRecord } from './journal-lines.ts';
import { type JournalBook, type JournalFormat, type RecordChange, RecordJournal } from './record-journal.ts';
import type { StateFolder } from './state-folder.ts';

const fileName = 'registries.journal';
/** Changes are gathered for this long: a busy registry costs a few writes a second. */
const gatherMs = 200;
const retryMs = 5_000;

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

export class RegistryRecords {
  readonly #folder: StateFolder;
  readonly #clock: Clock;
  readonly #journal: RecordJournal<RegisteredService>;
  #pending = new Map<string, RecordChange<RegisteredService>>();
  #writing: Promise<void> | undefined;
  #failure: string | undefined;
  #cancelTimer: (() => void) | undefined;

  private constructor(folder: StateFolder, journal: RecordJournal<RegisteredService>, clock: Clock) {
    this.#folder = folder;
    this.#journal = journal;
    this.#clock = clock;
  }

  /** The folder is locked by who keeps the leases in it. Throws STATE where the records cannot be read. */
  static async open(folder: StateFolder, clock: Clock = systemClock): Promise<RegistryRecords> {
    return new RegistryRecords(folder, await RecordJournal.open(folder, fileName, format), clock);
  }

  of(registry: string): readonly RegisteredService[] {
    return [...this.#journal.records.values()].filter((service) => service.registry === registry);
  }

  note(changes: readonly { readonly key: string; readonly service: RegisteredService | undefined }[]): void {
    for (const { key, service } of changes) this.#pending.set(key, { key, record: service });
    if (changes.length > 0) this.#soon(gatherMs);
  }

  findings(): readonly Finding[] {
    const object = { kind: 'StateFolder', name: this.#folder.path };
    const { damage } = this.#journal;
    const message = `${damage?.lines} lines of ${fileName} cannot be read.`;
    return [
      ...(this.#failure === undefined ? [] : [finding('ISTH0901', { object, message: this.#failure })]),
      ...(damage === undefined ? [] : [finding('ISTH0902', { object, message })]),
    ];
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
