/**
 * Cuts a YAML file into documents without parsing it. `---` and `...` at the start of a line, followed by white space or
 * the end, mean a boundary and nothing else: YAML forbids them there in every scalar, block scalars and quoted ones too
 * (YAML 1.2.2, rule c-forbidden). So a broken document never spoils the one beside it, and a document whose hash is known
 * need not be decoded, let alone parsed. It works on bytes: strings cut out of a file's text would keep all of it alive.
 */
import { hash } from 'node:crypto';

export interface Cut {
  /** Number of the first line in the file, from 1. */
  readonly line: number;
  /** The document with its directives, without a `---` that stands alone before it; a view into the file's bytes. */
  readonly bytes: Buffer;
  /** Equal for equal bytes; SHA-256, so that nobody can make two documents share one. */
  readonly hash: string;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const tab = 0x09;
const numberSign = 0x23;
const percentSign = 0x25;
const byteOrderMark = Buffer.from('\uFEFF');

/** The documents of a file in their order, without those that hold nothing but comments and blanks. */
export function* cutDocuments(file: Buffer): Generator<Cut> {
  let line = 1;
  let counted = 0;
  for (const [at, end] of segments(file)) {
    if (isBare(file.subarray(at, end))) continue;
    const start = isMarker(file, at) && isBlank(file, skipByteOrderMark(file, at) + 3) ? endOfLine(file, at) : at;
    const bytes = file.subarray(start, end);
    line += countLines(file.subarray(counted, start));
    counted = start;
    yield { line, bytes, hash: hash('sha256', bytes, 'base64url') };
  }
}

export function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) count++;
  return count;
}

/** Start and end of each document. */
function* segments(file: Buffer): Generator<readonly [number, number]> {
  let start = 0;
  for (const at of markers(file)) {
    if (file[at] === 0x2e) {
      const end = endOfLine(file, at);
      yield [start, end];
      start = end;
    } else if (!isPrologue(file, start, at)) {
      yield [start, at];
      start = at;
    }
  }
  yield [start, file.length];
}

/** Offsets of lines that are `---` or `...`, in order. A byte order mark may stand before the dashes of a joined file. */
function* markers(file: Buffer): Generator<number> {
  if (isMarker(file, 0)) yield 0;
  const next = ['\n---', '\n...', '\n\uFEFF---'].map((pattern) => ({ pattern, at: file.indexOf(pattern) }));
  for (;;) {
    const found = next.filter((search) => search.at !== -1).sort((a, b) => a.at - b.at)[0];
    if (found === undefined) return;
    if (isMarker(file, found.at + 1)) yield found.at + 1;
    found.at = file.indexOf(found.pattern, found.at + 1);
  }
}

/** Whether the line that starts here is a boundary. */
function isMarker(bytes: Buffer, start: number): boolean {
  const at = skipByteOrderMark(bytes, start);
  const sign = bytes[at];
  if (sign !== 0x2d && sign !== 0x2e) return false;
  if (bytes[at + 1] !== sign || bytes[at + 2] !== sign) return false;
  const next = bytes[at + 3];
  return next === undefined || next === space || next === tab || next === lineFeed || next === carriageReturn;
}

/** Whether only directives, comments and blanks stand between two offsets: they belong to the document that follows. */
function isPrologue(file: Buffer, start: number, end: number): boolean {
  return everyLine(file, start, end, (at) => !isMarker(file, at) && (file[at] === percentSign || isBlank(file, at)));
}

/** Whether a document holds no value, not even a null that is written out. */
function isBare(bytes: Buffer): boolean {
  return everyLine(bytes, 0, bytes.length, (at) =>
    isBlank(bytes, isMarker(bytes, at) ? skipByteOrderMark(bytes, at) + 3 : at),
  );
}

function everyLine(bytes: Buffer, start: number, end: number, holds: (at: number) => boolean): boolean {
  for (let at = start; at < end; at = endOfLine(bytes, at)) {
    if (!holds(at)) return false;
  }
  return true;
}

/** Whether the rest of the line is white space or a comment. */
function isBlank(bytes: Buffer, start: number): boolean {
  let at = skipByteOrderMark(bytes, start);
  while (bytes[at] === space || bytes[at] === tab) at++;
  const next = bytes[at];
  return next === undefined || next === numberSign || next === lineFeed || next === carriageReturn;
}

function skipByteOrderMark(bytes: Buffer, at: number): number {
  return bytes[at] === 0xef && bytes.subarray(at, at + 3).equals(byteOrderMark) ? at + 3 : at;
}

/** Offset behind the line's end. */
function endOfLine(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(lineFeed, at);
  return end === -1 ? bytes.length : end + 1;
}
