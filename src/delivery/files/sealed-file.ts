/**
 * One value in a file of the state folder, whole or not at all: the keys of the certificate authority are not a thing of which
 * half may be used, or which may silently begin anew. Only its owner may read it.
 *
 *   write(value) -> replaced in one step, fsync -> resolved: the value survives a kill and a power failure
 *   read()       -> the value | undefined where there was never one | STATE for all that is damaged, torn or empty
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { encodeLine, type JournalHeader, readLines } from './journal-lines.ts';
import type { StateFolder } from './state-folder.ts';

export interface SealedFileOptions {
  readonly fileName: string;
  readonly header: JournalHeader;
  /** What is lost with the file, and what to do about it: the end of each message about damage. */
  readonly remedy: string;
}

export class SealedFile {
  /** Path of the file, for messages. */
  readonly place: string;
  readonly #folder: StateFolder;
  readonly #options: SealedFileOptions;

  constructor(folder: StateFolder, options: SealedFileOptions) {
    this.place = folder.placeOf?.(options.fileName) ?? join(folder.path, options.fileName);
    this.#folder = folder;
    this.#options = options;
  }

  get remedy(): string {
    return this.#options.remedy;
  }

  /** Throws STATE for a file that holds anything but one whole value, or that a later version wrote. */
  async read(): Promise<unknown> {
    const { fileName, header, remedy } = this.#options;
    const bytes = await this.#folder.read(fileName).catch((cause: unknown) => {
      throw new IsthmusError('STATE', `${this.place} cannot be read: ${messageOf(cause)}. ${remedy}`, { cause });
    });
    if (bytes === undefined) return undefined;
    const values: unknown[] = [];
    const { length, damaged } = readLines(bytes, header, (json) => json !== undefined && values.push(json) > 0);
    const isWhole = damaged === 0 && length === bytes.length && values.length === 1;
    if (!isWhole) throw new IsthmusError('STATE', `${this.place} is ${faultOf(bytes, damaged)}. ${remedy}`);
    return values[0];
  }

  /** Resolves when the value is durable; until then, and after a rejection, the one before is. Throws STATE, with the remedy. */
  async write(value: unknown): Promise<void> {
    const { fileName, header } = this.#options;
    await this.#folder
      .replace(fileName, Buffer.from(encodeLine(header) + encodeLine(value)))
      .catch((cause: unknown) => {
        const message = `${this.place} cannot be written: ${messageOf(cause)}. ${unwritten}`;
        throw new IsthmusError('STATE', message, { cause });
      });
  }

  /** Whether others than its owner may read the file. */
  async isOpenToOthers(): Promise<boolean> {
    const look = await stat(this.place).catch(() => undefined);
    return look !== undefined && (look.mode & 0o077) !== 0;
  }
}

const unwritten =
  'What it held before stays in force. Make room on the disk, let the folder be written, and try again.';

function faultOf(bytes: Buffer, damaged: number): string {
  if (bytes.length === 0) return 'empty';
  return damaged > 0 ? 'damaged' : 'cut off';
}
