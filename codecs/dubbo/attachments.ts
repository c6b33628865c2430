/**
 * The attachments of a call or a result, entry by entry, and one of them by its key. As in Java, the last of several
 * entries with one key counts, and a value that is no string is no property.
 */
import type { Frame, PropertyReader } from '../codec.ts';
import { isReadable, walkToAttachments } from './body.ts';
import { isPlain, opcode } from './hessian-opcodes.ts';
import { readString, writeString } from './hessian-strings.ts';
import { HessianWalker } from './hessian-walker.ts';

const NONE = -1;
/** More have no sense, and would be walked through for each property that somebody asks for. */
const maxEntries = 4096;

/** Stands on one entry; offsets are absolute in the bytes. One object is reused for many frames. */
export class AttachmentCursor {
  keyAt = 0;
  keyEnd = 0;
  valueAt = 0;
  valueEnd = 0;
  /** Whether the map's end has been reached, and not what is malformed or too much. */
  complete = false;
  readonly #walker = new HessianWalker();
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #frame: Frame | undefined;
  /** Whether the walker has come from the body's beginning, so that its tables hold what stands before. */
  #hasTables = false;
  #entries = 0;

  /** Where the walker stands: before the next entry, or where a map would be. */
  get at(): number {
    return this.#walker.at;
  }

  /** The byte at that place; -1 at the end of the body. */
  get code(): number {
    return this.#walker.next;
  }

  /** Goes to the attachments, or where they would be; false when the body cannot have any, or is malformed. */
  seek(bytes: Buffer, start: number, frame: Frame): boolean {
    this.#bytes = bytes;
    this.#start = start;
    this.#frame = frame;
    this.complete = false;
    this.#entries = 0;
    this.#hasTables = frame.a === 0;
    if (frame.a === 0) frame.a = isReadable(frame) && this.#walkThere(frame) ? this.#walker.at - start : NONE;
    else if (frame.a !== NONE) this.#walker.open(bytes, start + frame.a, start + frame.length);
    return frame.a !== NONE;
  }

  /** Into the map that `seek` has found; false where there is none. */
  enter(): boolean {
    if (this.code !== opcode.map && this.code !== opcode.typedMap) return false;
    if (this.code === opcode.typedMap && !this.#hasTables) this.#rewalk(this.at);
    return this.#walker.enterMap();
  }

  /** To the next entry; false where there is none. */
  next(): boolean {
    const walker = this.#walker;
    if (walker.next === opcode.end) {
      this.complete = true;
      return false;
    }
    this.keyAt = walker.at;
    if (++this.#entries > maxEntries || !this.#pass()) return false;
    this.keyEnd = walker.at;
    this.valueAt = walker.at;
    if (!this.#pass()) return false;
    this.valueEnd = walker.at;
    return true;
  }

  #walkThere(frame: Frame): boolean {
    return walkToAttachments(this.#walker, this.#bytes, this.#start, frame);
  }

  /** Over one key or value. What refers to tables, or adds to them, needs those that the arguments have begun. */
  #pass(): boolean {
    const { at, next } = this.#walker;
    if (this.#hasTables || isPlain(next)) {
      if (this.#walker.skip()) return true;
      if (this.#hasTables) return false;
    }
    return this.#rewalk(at) && this.#walker.skip();
  }

  /** To a place that was reached without tables, now from the body's beginning. */
  #rewalk(place: number): boolean {
    this.#hasTables = true;
    if (this.#frame === undefined || !this.#walkThere(this.#frame)) return false;
    if (this.#walker.at < place && !this.#walker.enterMap()) return false;
    while (this.#walker.at < place) if (!this.#walker.skip()) return false;
    return this.#walker.at === place;
  }
}

const cursor = new AttachmentCursor();

export function attachmentReader(key: string): PropertyReader {
  const matches = keyMatcher(key);
  return (bytes, start, frame) => {
    if (!cursor.seek(bytes, start, frame) || !cursor.enter()) return undefined;
    let at = NONE;
    let end = NONE;
    while (cursor.next()) {
      if (!matches(bytes, cursor.keyAt, cursor.keyEnd)) continue;
      at = cursor.valueAt;
      end = cursor.valueEnd;
    }
    return at === NONE || !cursor.complete ? undefined : readString(bytes, at, end);
  };
}

/** Attachments that are strings, in their order. */
export function listAttachments(bytes: Buffer, start: number, frame: Frame): readonly (readonly [string, string])[] {
  const found = new Map<string, string>();
  if (!cursor.seek(bytes, start, frame) || !cursor.enter()) return [];
  while (cursor.next()) {
    const key = readString(bytes, cursor.keyAt, cursor.keyEnd);
    if (key === undefined) continue;
    const value = readString(bytes, cursor.valueAt, cursor.valueEnd);
    if (value === undefined) found.delete(key);
    else found.set(key, value);
  }
  return cursor.complete ? [...found] : [];
}

type KeyMatcher = (bytes: Buffer, at: number, end: number) => boolean;

/** Compares bytes, where a text has one usual form; strings, where it has several. */
function keyMatcher(key: string): KeyMatcher {
  const usual = writeString(key);
  const isAscii = /^[\0-\x7f]*$/.test(key);
  return (bytes, at, end) => {
    if (isAscii && bytes[at] === usual[0] && end - at === usual.length) return isEqual(bytes, at, usual);
    const code = bytes[at] ?? 0;
    // Of another length, where the length is written in one way only: another text.
    if (isAscii && code <= 0x1f) return false;
    return readString(bytes, at, end) === key;
  };
}

function isEqual(bytes: Buffer, at: number, other: Buffer): boolean {
  for (let index = 0; index < other.length; index++) if (bytes[at + index] !== other[index]) return false;
  return true;
}
