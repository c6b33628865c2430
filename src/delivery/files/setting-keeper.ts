/**
 * Keeps a setting of the mesh as it was last written anywhere, over restarts: a mesh that denies does not begin to permit, and
 * hosts do not get other addresses, because the object that says so was deleted, or could not be read.
 *
 *   what an object says --> file --> what is kept --> mesh, where no object says any
 */
import { equal } from '../../collections/equality.ts';
import { type Clock, systemClock } from '../../model/clock.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { type Finding, finding } from '../../model/finding.ts';
import { SealedFile, type SealedFileOptions } from './sealed-file.ts';
import type { StateFolder } from './state-folder.ts';

export interface KeptSetting<T> {
  readonly file: SealedFileOptions;
  /** For messages: what the file holds. */
  readonly what: string;
  /** From and to what stands in the file; undefined for what is none. */
  readonly read: (stored: unknown) => T | undefined;
  readonly write: (value: T) => unknown;
}

const retryMs = 5_000;

export interface SettingKeeperOptions<T> {
  readonly folder: StateFolder;
  readonly setting: KeptSetting<T>;
  /** Told what is kept, never from within `note`. */
  readonly show: (value: T) => void;
  readonly clock?: Clock;
}

export class SettingKeeper<T> {
  readonly #options: SettingKeeperOptions<T>;
  readonly #clock: Clock;
  readonly #file: SealedFile;
  #value: T | undefined;
  /** What the file holds. */
  #durable: T | undefined;
  #failure: string | undefined;
  #writing: Promise<void> | undefined;
  #cancelRetry: () => void = () => {};

  private constructor(options: SettingKeeperOptions<T>, file: SealedFile, value: T | undefined) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#file = file;
    this.#value = value;
    this.#durable = value;
  }

  /** Shows what an earlier run kept. Throws STATE for a file that cannot be read as a whole. */
  static async open<T>(options: SettingKeeperOptions<T>): Promise<SettingKeeper<T>> {
    const { folder, setting, show } = options;
    const file = new SealedFile(folder, setting.file);
    const stored = await file.read();
    const value = stored === undefined ? undefined : setting.read(stored);
    if (stored !== undefined && value === undefined)
      throw new IsthmusError('STATE', `${file.place} holds no ${setting.what}. ${setting.file.remedy}`);
    if (value !== undefined) show(value);
    return new SettingKeeper(options, file, value);
  }

  /** Undefined where none was ever written. */
  get value(): T | undefined {
    return this.#value;
  }

  /** An object says so. */
  note(value: T): void {
    if (equal(value, this.#value)) return;
    this.#value = value;
    queueMicrotask(() => this.#options.show(value));
    this.#write();
  }

  findings(): readonly Finding[] {
    if (this.#failure === undefined) return [];
    return [
      finding('ISTH0901', { object: { kind: 'StateFolder', name: this.#options.folder.path }, message: this.#failure }),
    ];
  }

  /** Writes what is pending. */
  async close(): Promise<void> {
    this.#cancelRetry();
    this.#write();
    await this.#writing;
    this.#cancelRetry();
  }

  #write(): void {
    this.#cancelRetry();
    if (!equal(this.#value, this.#durable)) this.#writing ??= this.#writeNow();
  }

  async #writeNow(): Promise<void> {
    try {
      for (let value = this.#value; value !== undefined && !equal(value, this.#durable); value = this.#value) {
        await this.#file.write(this.#options.setting.write(value));
        this.#durable = value;
      }
      this.#failure = undefined;
    } catch (error) {
      this.#failure = messageOf(error);
      this.#cancelRetry = this.#clock.after(retryMs, () => this.#write());
    }
    this.#writing = undefined;
  }
}
