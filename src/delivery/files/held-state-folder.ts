/**
 * The state folder of a control plane, which is its alone. One program at a time: it holds a lock of the kernel's (through
 * SQLite, which Node brings along), which ends with the process however it dies, so that nothing stale is left to judge.
 *
 *   take() --> whoever keeps something writes --> release()
 *
 * Nothing is written by who does not hold it: two that lease from one range would share addresses, and two that make keys
 * would not know each other's.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { createFolder } from './folder-creation.ts';
import { type HeldState, NodeStateFolder } from './state-folder.ts';

/** SQLite's code for "somebody else holds the lock". */
const sqliteBusy = 5;

export class HeldStateFolder implements HeldState {
  readonly path: string;
  readonly #folder: NodeStateFolder;
  #lock: DatabaseSync | undefined;
  #isReleased = false;

  constructor(path: string) {
    this.path = path;
    this.#folder = new NodeStateFolder(path);
  }

  /** Throws STATE if another process has it. A folder that cannot be written is no error yet: the first write tries again. */
  async take(): Promise<void> {
    await this.#hold().catch((error: unknown) => {
      if (error instanceof IsthmusError) throw error;
    });
  }

  async read(name: string): Promise<Buffer | undefined> {
    return this.#folder.read(name);
  }

  async write(name: string, bytes: Buffer, offset: number): Promise<void> {
    await this.#hold();
    await this.#folder.write(name, bytes, offset);
  }

  async replace(name: string, bytes: Buffer): Promise<void> {
    await this.#hold();
    await this.#folder.replace(name, bytes);
  }

  async keepCopy(name: string): Promise<string> {
    await this.#hold();
    return this.#folder.keepCopy(name);
  }

  /** For good: what would be written after it is refused. */
  release(): void {
    this.#isReleased = true;
    this.#lock?.close();
    this.#lock = undefined;
  }

  async #hold(): Promise<void> {
    if (this.#lock === undefined) await createFolder(this.path);
    if (this.#isReleased) throw new IsthmusError('STATE', `the state folder ${this.path} is not held any more`);
    // Of several that waited for the folder one takes it for all.
    this.#lock ??= lockIn(this.path);
  }
}

function lockIn(folder: string): DatabaseSync {
  const database = new DatabaseSync(join(folder, 'lock'));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    throw new IsthmusError('STATE', `the state folder ${folder} is in use by another control plane`, { cause: error });
  }
}

function isBusy(error: unknown): boolean {
  const isCoded = error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
  return isCoded || messageOf(error).includes('database is locked');
}
