/** What the file source asks of a file system. Errors come as rejections that carry Node's `code`. */
import { type BigIntStats, constants, watch } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

/** What can be told of a file or folder without reading it; links are followed. */
export interface Look {
  readonly kind: 'file' | 'folder' | 'other';
  /** Changes whenever the content may have changed. */
  readonly fingerprint: string;
  /** Stays the same as long as it is the same file or folder, whatever its name. */
  readonly identity: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Whether something was done to it after the last write: a rename, a new mode, new times. Who writes does that when done. */
  readonly isFinished: boolean;
}

export interface FileContent {
  /** As it was when the last byte had been read. */
  readonly look: Look;
  readonly bytes: Buffer;
  /** False where the file changed while it was read. */
  readonly isSteady: boolean;
}

export interface FileSystem {
  list(folder: string): Promise<readonly FolderEntry[]>;
  look(path: string): Promise<Look>;
  /** The path without links. */
  resolve(path: string): Promise<string>;
  /** All of a regular file; undefined where it is larger than the limit. */
  read(path: string, limit: number): Promise<FileContent | undefined>;
  /** Calls `receive` with the name of what changed in a folder, if the system tells it. Throws, or calls `fail` later. */
  watch(folder: string, receive: (name: string | undefined) => void, fail: (error: Error) => void): () => void;
}

export const nodeFileSystem: FileSystem = {
  async list(folder) {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.map((entry) => ({
      name: entry.name,
      kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : entry.isSymbolicLink() ? 'link' : 'other',
    }));
  },

  async look(path) {
    return lookOf(await stat(path, { bigint: true }));
  },

  resolve: (path) => realpath(path),

  async read(path, limit) {
    // Without O_NONBLOCK, opening a named pipe waits for a writer for ever.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const before = await handle.stat({ bigint: true });
      if (!before.isFile() || before.size > limit) return undefined;
      // One more byte than there should be, to notice a file that grows meanwhile.
      const buffer = Buffer.allocUnsafe(Number(before.size) + 1);
      let length = 0;
      while (length < buffer.length) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      const look = lookOf(await handle.stat({ bigint: true }));
      const isSteady = look.fingerprint === lookOf(before).fingerprint && length === look.size;
      return { look, bytes: buffer.subarray(0, length), isSteady };
    } finally {
      await handle.close();
    }
  },

  watch(folder, receive, fail) {
    const watcher = watch(folder, { persistent: true }, (_event, name) => receive(name ?? undefined));
    watcher.on('error', fail);
    return () => watcher.close();
  },
};

function lookOf(stats: BigIntStats): Look {
  return {
    kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other',
    fingerprint: [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':'),
    identity: `${stats.dev}:${stats.ino}`,
    size: Number(stats.size),
    modified: Number(stats.mtimeMs),
    isFinished: stats.ctimeNs > stats.mtimeNs,
  };
}

/** Node's error code, such as ENOENT. */
export function errorCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
