/**
 * Keeps the mode of access that was last written anywhere, over restarts: a mesh that denies does not begin to permit because
 * the object that says so was deleted, or could not be read.
 *
 *   mode that an object says --> file --> mode that is kept --> mesh, where no object says any
 */
import { type Clock, systemClock } from '../../model/clock.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { type Finding, finding } from '../../model/finding.ts';
import { type AccessMode, accessModes } from '../../model/mesh-service.ts';
import { isRecord } from './journal-lines.ts';
import { SealedFile } from './sealed-file.ts';
import type { StateFolder } from './state-folder.ts';

const format = {
  fileName: 'access-mode.json',
  header: { format: 'isthmus-access-mode', version: 1 },
  remedy: 'Write spec.access.mode in the MeshConfig of the mesh, then move the file away.',
} as const;

const retryMs = 5_000;

export interface AccessKeeperOptions {
  readonly folder: StateFolder;
  /** Told what is kept, never from within `note`. */
  readonly show: (mode: AccessMode) => void;
  readonly clock?: Clock;
}

export class AccessKeeper {
  readonly #options: AccessKeeperOptions;
  readonly #clock: Clock;
  readonly #file: SealedFile;
  #mode: AccessMode;
  /** What the file holds. */
  #durable: AccessMode;
  #failure: string | undefined;
  #writing: Promise<void> | undefined;
  #cancelRetry: () => void = () => {};

  private constructor(options: AccessKeeperOptions, file: SealedFile, mode: AccessMode) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#file = file;
    this.#mode = mode;
    this.#durable = mode;
  }

  /** Shows what an earlier run kept. Throws STATE for a file that cannot be read as a whole. */
  static async open(options: AccessKeeperOptions): Promise<AccessKeeper> {
    const file = new SealedFile(options.folder, format);
    const value = await file.read();
    const mode = value === undefined ? 'Disabled' : modeOf(value);
    if (mode === undefined) throw new IsthmusError('STATE', `${file.place} holds no mode of access. ${format.remedy}`);
    options.show(mode);
    return new AccessKeeper(options, file, mode);
  }

  /** An object says so. */
  note(mode: AccessMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    queueMicrotask(() => this.#options.show(this.#mode));
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
    if (this.#mode !== this.#durable) this.#writing ??= this.#writeNow();
  }

  async #writeNow(): Promise<void> {
    try {
      for (let mode = this.#mode; mode !== this.#durable; mode = this.#mode) {
        await this.#file.write({ mode });
        this.#durable = mode;
      }
      this.#failure = undefined;
    } catch (error) {
      this.#failure = `${this.#file.place} cannot be written: ${messageOf(error)}`;
      this.#cancelRetry = this.#clock.after(retryMs, () => this.#write());
    }
    this.#writing = undefined;
  }
}

function modeOf(value: unknown): AccessMode | undefined {
  return isRecord(value) ? accessModes.find((mode) => mode === value.mode) : undefined;
}
