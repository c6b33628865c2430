/**
 * The bytes of a journal: one line a record, `<CRC-32 of the rest, 8 hex digits> <JSON>`, after a line that names the
 * format. A reader takes every line that is whole, wherever the others are damaged.
 */
import { crc32 } from 'node:zlib';
import { IsthmusError } from '../../model/errors.ts';

const lineFeed = 0x0a;

export interface JournalHeader {
  readonly format: string;
  readonly version: number;
}

export interface JournalReading {
  /** How many lines hold records, also such as were replaced later. */
  readonly records: number;
  /** Bytes up to the end of the last whole line. */
  readonly length: number;
  /** Lines in the middle that could not be read. What is torn at the end was never in use, and does not count. */
  readonly damaged: number;
}

export function encodeLine(value: unknown): string {
  const json = JSON.stringify(value);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/**
 * Hands each record to `add`, in order; that gives false for what is no record. Throws STATE for a journal that a later
 * version wrote: it must not be taken for damaged.
 */
export function readLines(bytes: Buffer, header: JournalHeader, add: (json: unknown) => boolean): JournalReading {
  let length = 0;
  let records = 0;
  let damaged = 0;
  for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, length)) {
    const json = decodeLine(bytes.toString('utf8', length, end));
    const isHeader = length === 0 && isRecord(json) && json.format === header.format;
    if (isHeader) checkVersion(json.version, header);
    else if (add(json)) records++;
    else damaged++;
    // Without its first line, something stood before what is here.
    if (length === 0 && !isHeader) damaged = 1;
    length = end + 1;
  }
  return { records, length, damaged };
}

function checkVersion(version: unknown, header: JournalHeader): void {
  if (version === header.version) return;
  const what = header.format.replace(/^isthmus /, '');
  throw new IsthmusError('STATE', `the ${what} were written by a later version of isthmus (format ${String(version)})`);
}

function decodeLine(line: string): unknown {
  const json = line.slice(9);
  if (line[8] !== ' ' || line.slice(0, 8) !== crc32(json).toString(16).padStart(8, '0')) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
