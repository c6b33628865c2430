/** A protobuf map<string, string or bytes> as pairs: each is a field of the message, and holds a key 1 and a value 2. */
import { type EntryCursor, type EntryFormat, keyMatcher } from './entries.ts';
import { encodeBytesField, FieldCursor, nextField, Wire } from './protobuf.ts';
import { textOf } from './strings.ts';

export function protobufMap(number: number, maxEntries: number): EntryFormat {
  const outer = new FieldCursor();
  const inner = new FieldCursor();
  const next = (bytes: Buffer, cursor: EntryCursor): boolean => {
    outer.begin(cursor.position, cursor.end);
    while (nextField(bytes, outer)) {
      if (outer.number !== number || outer.wire !== Wire.bytes) continue;
      cursor.entryStart = outer.fieldStart;
      cursor.entryEnd = cursor.contentEnd = cursor.position = outer.position;
      return readPair(bytes, outer, inner, cursor) || cursor.fail();
    }
    cursor.position = outer.position;
    return outer.malformed && cursor.fail();
  };
  return {
    selfDelimiting: false,
    maxEntries,
    next,
    matcher: keyMatcher,
    key: (bytes, cursor) => textOf(bytes, cursor.keyStart, cursor.keyEnd),
    value: (bytes, cursor) => textOf(bytes, cursor.valueStart, cursor.valueEnd),
    encode: (key, value) =>
      encodeBytesField(
        number,
        Buffer.concat([encodeBytesField(1, Buffer.from(key)), encodeBytesField(2, Buffer.from(value))]),
      ),
  };
}

/** An absent key or value is an empty one. */
function readPair(bytes: Buffer, outer: FieldCursor, inner: FieldCursor, cursor: EntryCursor): boolean {
  cursor.keyStart = cursor.keyEnd = cursor.valueStart = cursor.valueEnd = outer.valueStart;
  inner.begin(outer.valueStart, outer.valueEnd);
  while (nextField(bytes, inner)) {
    if (inner.wire !== Wire.bytes) continue;
    if (inner.number === 1) {
      cursor.keyStart = inner.valueStart;
      cursor.keyEnd = inner.valueEnd;
    } else if (inner.number === 2) {
      cursor.valueStart = inner.valueStart;
      cursor.valueEnd = inner.valueEnd;
    }
  }
  return !inner.malformed;
}
