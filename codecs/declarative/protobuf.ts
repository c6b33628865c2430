/** Protobuf messages as bytes: stepping over fields, finding what stands at a path, writing a field. */

import type { ByteRange } from './values.ts';
import { uleb128 } from './variable-integers.ts';

export const Wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
export type Wire = (typeof Wire)[keyof typeof Wire];

export class FieldCursor {
  position = 0;
  end = 0;
  malformed = false;
  number = 0;
  wire = 0;
  /** The field with its tag and its length. */
  fieldStart = 0;
  valueStart = 0;
  valueEnd = 0;

  begin(from: number, end: number): void {
    this.position = from;
    this.end = end;
    this.malformed = false;
  }
}

/** Steps to the next field; false at the end, or with `malformed` set. Groups count as malformed. */
export function nextField(bytes: Buffer, cursor: FieldCursor): boolean {
  const { position, end } = cursor;
  if (position >= end) return false;
  const tagSize = uleb128.size(bytes, position, end);
  if (tagSize < 0 || tagSize > 5) return fail(cursor);
  const tag = uleb128.low(bytes, position);
  const at = position + tagSize;
  cursor.fieldStart = position;
  cursor.number = tag >>> 3;
  cursor.wire = tag & 7;
  cursor.valueStart = at;
  const size = valueSize(bytes, cursor, at, end);
  if (size < 0 || cursor.valueStart + size > end) return fail(cursor);
  cursor.valueEnd = cursor.position = cursor.valueStart + size;
  return cursor.number > 0 || fail(cursor);
}

function valueSize(bytes: Buffer, cursor: FieldCursor, at: number, end: number): number {
  switch (cursor.wire) {
    case Wire.varint:
      return uleb128.size(bytes, at, end);
    case Wire.fixed64:
      return 8;
    case Wire.fixed32:
      return 4;
    case Wire.bytes: {
      const size = uleb128.size(bytes, at, end);
      if (size < 0) return -1;
      cursor.valueStart = at + size;
      return uleb128.read(bytes, at);
    }
    default:
      return -1;
  }
}

function fail(cursor: FieldCursor): false {
  cursor.malformed = true;
  return false;
}

export type FindPath = (bytes: Buffer, from: number, end: number, found: ByteRange) => boolean;

/**
 * Finds the value at a path of field numbers: the last one, as protobuf wants it, also across repeated messages.
 * False when there is none, when it has another wire type, or when a message on the way is malformed.
 */
export function pathFinder(path: readonly number[], wire: Wire): FindPath {
  const cursors = path.map(() => new FieldCursor());
  const search = (bytes: Buffer, from: number, end: number, depth: number, found: ByteRange): boolean => {
    const cursor = cursors[depth];
    if (cursor === undefined) return false;
    const last = depth === path.length - 1;
    cursor.begin(from, end);
    while (nextField(bytes, cursor)) {
      if (cursor.number !== path[depth] || cursor.wire !== (last ? wire : Wire.bytes)) continue;
      if (!last) {
        if (!search(bytes, cursor.valueStart, cursor.valueEnd, depth + 1, found)) return false;
        continue;
      }
      found.from = cursor.valueStart;
      found.to = cursor.valueEnd;
    }
    return !cursor.malformed;
  };
  return (bytes, from, end, found) => {
    found.from = -1;
    return search(bytes, from, end, 0, found) && found.from >= 0;
  };
}

export function encodeTag(number: number, wire: Wire): Buffer {
  return uleb128.encode(number * 8 + wire);
}

export function encodeBytesField(number: number, content: Buffer): Buffer {
  return Buffer.concat([encodeTag(number, Wire.bytes), uleb128.encode(content.length), content]);
}
