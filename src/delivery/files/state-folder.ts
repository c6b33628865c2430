/** The folder that outlives the program. See HeldStateFolder for the one that a control plane has for itself. */
import { constants } from 'node:fs';
import { copyFile, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolder } from './folder-creation.ts';

export interface StateFolder {
  readonly path: string;
  /** How a file is called in messages; absent: by its path. */
  placeOf?(name: string): string;
  /** Undefined if there is no such file. Rejects if there is one that cannot be read. */
  read(name: string): Promise<Buffer | undefined>;
  /** Puts bytes at an offset, in place of all that follows; resolves when they would survive a power failure. */
  write(name: string, bytes: Buffer, offset: number): Promise<void>;
  /** Replaces a file in one step, durably: whoever reads it meets the old content or the new. */
  replace(name: string, bytes: Buffer): Promise<void>;
  /** Keeps what a file holds now under a new name, `<name>.corrupt-<n>`, which it gives. */
  keepCopy(name: string): Promise<string>;
}

/** One that is taken by a control plane when it starts, and given up when it ends. */
export interface HeldState extends StateFolder {
  /** Throws STATE or UNAVAILABLE where it cannot be had. */
  take(): Promise<void>;
  /** For good. */
  release(): Promise<void> | void;
}

export class NodeStateFolder implements StateFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async read(name: string): Promise<Buffer | undefined> {
    try {
      const file = join(this.path, name);
      const look = await stat(file);
      // A pipe or a device may have no end.
      if (!look.isFile()) throw new Error(`${name} is no regular file; put it aside`);
      if (look.size > maxFileBytes) throw new Error(`${name} has more than ${maxFileBytes} bytes; put it aside`);
      return await readFile(file);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async write(name: string, bytes: Buffer, offset: number): Promise<void> {
    const file = await open(join(this.path, name), constants.O_RDWR);
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
        done += bytesWritten;
      }
      await file.truncate(offset + bytes.length);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async replace(name: string, bytes: Buffer): Promise<void> {
    const fresh = join(this.path, `${name}.new`);
    await createFolder(this.path);
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, join(this.path, name));
    await this.#syncFolder();
  }

  async keepCopy(name: string): Promise<string> {
    for (let n = 1; ; n++) {
      const copy = `${name}.corrupt-${n}`;
      try {
        await this.#copy(join(this.path, name), join(this.path, copy));
        await this.#syncFolder();
        return copy;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST' || n > maxCopies) throw error;
        // What was damaged so often is not worth another copy: the newest takes the last one's place.
        if (n === maxCopies) await rm(join(this.path, copy));
      }
    }
  }

  /** Not every file system has links. */
  async #copy(from: string, to: string): Promise<void> {
    try {
      await link(from, to);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw error;
      await copyFile(from, to, constants.COPYFILE_EXCL);
    }
  }

  /** A new name is durable when its folder is. */
  async #syncFolder(): Promise<void> {
    const folder = await open(this.path, constants.O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

const maxCopies = 20;
/** Far more than a hundred thousand leases need. */
const maxFileBytes = 1024 * 1024 * 1024;

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
