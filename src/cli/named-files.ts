/**
 * Files that the command line names. One that is not there, or cannot be read, is a mistake in the command line, whichever
 * command it is given to: USAGE, in one line. What is wrong *in* a file is bad data, or a finding.
 */
import { createReadStream } from 'node:fs';
import { access, constants, readFile } from 'node:fs/promises';
import { readBounded } from '../model/bounded-input.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';

/** Throws USAGE for the first path that cannot be read; `-`, standard input, always can. */
export async function requireReadable(paths: readonly string[], flag: string): Promise<void> {
  for (const path of paths)
    if (path !== '-') await access(path, constants.R_OK).catch((error: unknown) => refuse(path, flag, error));
}

/** Throws USAGE when it cannot be read. */
export async function readNamedFile(path: string, flag: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => refuse(path, flag, error));
}

/** `-` is standard input. Throws USAGE when it cannot be read, BAD_DATA when there is too much of it. */
export async function readNamedStream(path: string, flag: string, maxBytes: number): Promise<Buffer> {
  const stream = path === '-' ? process.stdin : createReadStream(path);
  const name = path === '-' ? 'standard input' : path;
  return readBounded(stream, maxBytes, name).catch((error: unknown) => {
    if (error instanceof IsthmusError) throw error;
    return refuse(name, flag, error);
  });
}

function refuse(path: string, flag: string, error: unknown): never {
  const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  const why = isMissing ? 'there is no such file or folder' : `it cannot be read: ${messageOf(error)}`;
  throw new IsthmusError('USAGE', `${flag} ${path}: ${why}.`, { cause: error });
}
