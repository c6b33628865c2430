/** Pairs of strings, one after another: counted by a number before them, or up to the section's end. */
import type { DocumentNode } from './document.ts';
import { type EntryCursor, type EntryFormat, keyMatcher } from './entries.ts';
import type { Endian } from './integers.ts';
import { stringForm, textOf } from './strings.ts';
import { readIntegerType, readStringType } from './types.ts';

export function readKeyValues(node: DocumentNode, endian: Endian, maxEntries: number): EntryFormat {
  const part = node.members('count', 'key', 'value');
  const counted = !part('count').absent;
  const keys = stringForm(readStringType(part('key'), endian));
  const values = stringForm(readStringType(part('value'), endian));
  const next = (bytes: Buffer, cursor: EntryCursor): boolean => {
    const { position, end } = cursor;
    if (position === end) return false;
    const keyStart = keys.begin(bytes, position, end);
    const keyEnd = keyStart < 0 ? -1 : keys.finish(bytes, keyStart, position, end);
    if (keyEnd < 0) return cursor.fail();
    const valueAt = keyEnd + keys.tail;
    const valueStart = values.begin(bytes, valueAt, end);
    const valueEnd = valueStart < 0 ? -1 : values.finish(bytes, valueStart, valueAt, end);
    if (valueEnd < 0) return cursor.fail();
    cursor.entryStart = position;
    cursor.keyStart = keyStart;
    cursor.keyEnd = keyEnd;
    cursor.valueStart = valueStart;
    cursor.valueEnd = valueEnd;
    cursor.entryEnd = cursor.contentEnd = cursor.position = valueEnd + values.tail;
    return true;
  };
  return {
    ...(counted ? { count: readIntegerType(part('count'), endian) } : {}),
    selfDelimiting: counted,
    maxEntries,
    next,
    matcher: keyMatcher,
    key: (bytes, cursor) => textOf(bytes, cursor.keyStart, cursor.keyEnd),
    value: (bytes, cursor) => textOf(bytes, cursor.valueStart, cursor.valueEnd),
    encode: (key, value) => Buffer.concat([keys.encode(Buffer.from(key)), values.encode(Buffer.from(value))]),
  };
}
