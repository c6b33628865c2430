/**
 * Key-value pairs of a frame, whatever their encoding: found by key, listed, rewritten. An encoding (key-values.ts,
 * tags.ts, delimited-text.ts, protobuf-map.ts) only knows how to step from pair to pair and how to write one.
 *
 * Where a key occurs twice the last one counts, as it does for a server that fills a map; a rewrite leaves only one.
 * Pairs that are malformed or too many give no property at all, never some of them.
 */
import { CodecError, type Mutation } from '../codec.ts';
import type { Edits } from './edits.ts';
import type { Integer } from './integers.ts';

/** Where stepping stands. One object is reused for many walks; an encoding fills it in. */
export class EntryCursor {
  position = 0;
  end = 0;
  /** Pairs left by the count; -1 when there is none and the pairs go on to the end. */
  remaining = -1;
  seen = 0;
  malformed = false;
  /** The pair with all that belongs to it, and without its separator. */
  entryStart = 0;
  entryEnd = 0;
  contentEnd = 0;
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  tag = 0;

  begin(from: number, end: number): void {
    this.position = from;
    this.end = end;
    this.remaining = -1;
    this.seen = 0;
    this.malformed = false;
  }

  fail(): false {
    this.malformed = true;
    return false;
  }
}

export const Match = { none: 0, folded: 1, exact: 2 } as const;
export type MatchKey = (bytes: Buffer, cursor: EntryCursor) => number;

export interface EntryFormat {
  /** Names that are known beforehand; undefined when pairs may have any. */
  readonly names?: readonly string[];
  readonly count?: Integer;
  readonly separator?: Buffer;
  /** Whether the pairs themselves tell where they end. */
  readonly selfDelimiting: boolean;
  readonly maxEntries: number;
  /** Steps to the next pair; false at the end, or with `malformed` set. */
  readonly next: (bytes: Buffer, cursor: EntryCursor) => boolean;
  /** Whether the pair has this key, exactly or but for upper and lower case. */
  readonly matcher: (key: string) => MatchKey;
  readonly key: (bytes: Buffer, cursor: EntryCursor) => string | undefined;
  readonly value: (bytes: Buffer, cursor: EntryCursor) => string | undefined;
  /** Throws CodecError when the encoding cannot carry the pair. */
  readonly encode: (key: string, value: string) => Buffer;
  /** Undefined when pairs can be rewritten, else why not. */
  readonly fixedBecause?: string;
}

// Walks are synchronous and do not nest, so that one cursor serves them all without an allocation a frame.
const cursor = new EntryCursor();

function open(format: EntryFormat, bytes: Buffer, from: number, end: number): void {
  cursor.begin(from, end);
  const { count } = format;
  if (count === undefined) return;
  const size = count.size(bytes, from, end);
  if (size < 0) {
    cursor.malformed = true;
    return;
  }
  cursor.position = from + size;
  cursor.remaining = count.read(bytes, from);
  if (cursor.remaining < 0 || cursor.remaining > format.maxEntries) cursor.malformed = true;
}

function step(format: EntryFormat, bytes: Buffer): boolean {
  if (cursor.malformed || cursor.remaining === 0) return false;
  if (!format.next(bytes, cursor)) {
    // A count that promises more than there is.
    if (cursor.remaining > 0) cursor.malformed = true;
    return false;
  }
  if (cursor.remaining > 0) cursor.remaining--;
  return ++cursor.seen <= format.maxEntries || cursor.fail();
}

/** The value of the pair with the key; undefined when there is none or the pairs are malformed. */
export function findEntry(
  format: EntryFormat,
  matches: MatchKey,
  bytes: Buffer,
  from: number,
  end: number,
): string | undefined {
  let best: number = Match.none;
  let [valueStart, valueEnd, tag] = [0, 0, 0];
  open(format, bytes, from, end);
  while (step(format, bytes)) {
    const match = matches(bytes, cursor);
    if (match === Match.none || match < best) continue;
    best = match;
    valueStart = cursor.valueStart;
    valueEnd = cursor.valueEnd;
    tag = cursor.tag;
  }
  if (best === Match.none || cursor.malformed) return undefined;
  cursor.valueStart = valueStart;
  cursor.valueEnd = valueEnd;
  cursor.tag = tag;
  return format.value(bytes, cursor);
}

/** All pairs whose key and value are text, in the order of the frame. */
export function listEntries(format: EntryFormat, bytes: Buffer, from: number, end: number): [string, string][] {
  const entries: [string, string][] = [];
  open(format, bytes, from, end);
  while (step(format, bytes)) {
    const key = format.key(bytes, cursor);
    const value = format.value(bytes, cursor);
    if (key !== undefined && value !== undefined) entries.push([key, value]);
  }
  return cursor.malformed ? [] : entries;
}

/** The byte after the last pair; -1 when they are malformed. */
export function measureEntries(format: EntryFormat, bytes: Buffer, from: number, end: number): number {
  open(format, bytes, from, end);
  while (step(format, bytes));
  return cursor.malformed ? -1 : cursor.position;
}

/** Sets the pairs of the mutation by edits. Throws CodecError. */
export function rewriteEntries(
  format: EntryFormat,
  bytes: Buffer,
  from: number,
  end: number,
  mutation: Mutation,
  edits: Edits,
): void {
  const settings = new Map(
    mutation.map(({ key, value }) => [key, { value, matches: format.matcher(key), done: false }]),
  );
  let separated = true;
  open(format, bytes, from, end);
  const before = cursor.remaining;
  let count = before;
  while (step(format, bytes)) {
    separated = cursor.entryEnd > cursor.contentEnd;
    for (const [key, setting] of settings) {
      if (setting.matches(bytes, cursor) !== Match.exact) continue;
      const { entryStart, contentEnd, entryEnd } = cursor;
      if (setting.done) edits.replace(entryStart, entryEnd - entryStart, nothing);
      else edits.replace(entryStart, contentEnd - entryStart, format.encode(key, setting.value));
      if (setting.done) count--;
      setting.done = true;
      break;
    }
  }
  if (cursor.malformed) throw new CodecError('malformed', 'The key-value pairs to be changed are malformed.');
  const { position, seen } = cursor;
  const added = [...settings].filter(([, setting]) => !setting.done);
  if (seen + added.length > format.maxEntries) throw new CodecError('too-large', 'The frame has too many properties.');
  for (const [key, { value }] of added) {
    edits.replace(position, 0, withSeparator(format, format.encode(key, value), seen > 0, separated));
  }
  const { count: counter } = format;
  if (counter !== undefined && count + added.length !== before) {
    edits.replace(from, counter.size(bytes, from, end), counter.encode(count + added.length));
  }
}

const nothing = Buffer.alloc(0);

/** Text keeps the habit of what stands there: a separator after each pair, or only between them. */
function withSeparator(format: EntryFormat, pair: Buffer, follows: boolean, separated: boolean): Buffer {
  const { separator } = format;
  if (separator === undefined) return pair;
  if (follows && separated) return Buffer.concat([pair, separator]);
  return follows ? Buffer.concat([separator, pair]) : pair;
}

/** Compares a key's bytes with bytes of the frame. ASCII letters may differ in case. */
export function keyMatcher(key: string): MatchKey {
  const wanted = Buffer.from(key);
  const folded = Buffer.from(key.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
  return (bytes, { keyStart, keyEnd }) => {
    if (keyEnd - keyStart !== wanted.length) return Match.none;
    let match: number = Match.exact;
    for (let index = 0; index < wanted.length; index++) {
      const byte = bytes[keyStart + index] ?? 0;
      if (byte === wanted[index]) continue;
      const lower = byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
      if (lower !== folded[index]) return Match.none;
      match = Match.folded;
    }
    return match;
  };
}
