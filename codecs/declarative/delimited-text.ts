/**
 * Text cut by a separator: pairs such as `a=1&b=2` or header lines, or columns such as `GET orders 17`, whose names
 * the description gives by position.
 */
import { CodecError } from '../codec.ts';
import type { DocumentNode } from './document.ts';
import { type EntryCursor, type EntryFormat, keyMatcher, Match } from './entries.ts';
import { textOf } from './strings.ts';

const maxColumns = 64;
const maxMark = 16;
const blank = 0x20;

export function readDelimitedText(node: DocumentNode, maxEntries: number): EntryFormat {
  const part = node.members('separator', 'assign', 'columns');
  const separator = Buffer.from(part('separator').text(undefined, maxMark));
  const columns = part('columns')
    .items(maxColumns)
    .map((column) => column.text());
  if (columns.length > 0) {
    if (!part('assign').absent) part('assign').problem('Columns have no keys.', 'Leave out assign or columns.');
    return columnsFormat(separator, columns, maxEntries);
  }
  const assign = Buffer.from(part('assign').text(undefined, maxMark));
  if (assign.equals(separator)) part('assign').problem('It equals the separator.', 'Use two different texts.');
  return pairsFormat(separator, assign, maxEntries);
}

/** Sets the piece from the cursor's position to the next separator; empty pieces are pieces too. */
function nextPiece(bytes: Buffer, cursor: EntryCursor, separator: Buffer): boolean {
  const { position, end } = cursor;
  if (position >= end) return false;
  const found = indexOf(bytes, separator, position, end);
  cursor.entryStart = position;
  cursor.contentEnd = found < 0 ? end : found;
  cursor.entryEnd = cursor.position = found < 0 ? end : found + separator.length;
  return true;
}

function pairsFormat(separator: Buffer, assign: Buffer, maxEntries: number): EntryFormat {
  const next = (bytes: Buffer, cursor: EntryCursor): boolean => {
    do {
      if (!nextPiece(bytes, cursor, separator)) return false;
    } while (cursor.contentEnd === cursor.entryStart);
    const { entryStart, contentEnd } = cursor;
    const found = indexOf(bytes, assign, entryStart, contentEnd);
    cursor.keyStart = entryStart;
    cursor.keyEnd = found < 0 ? contentEnd : found;
    cursor.valueStart = found < 0 ? contentEnd : found + assign.length;
    cursor.valueEnd = contentEnd;
    trim(bytes, cursor);
    return true;
  };
  return {
    separator,
    selfDelimiting: false,
    maxEntries,
    next,
    matcher: keyMatcher,
    key: (bytes, cursor) => textOf(bytes, cursor.keyStart, cursor.keyEnd),
    value: (bytes, cursor) => textOf(bytes, cursor.valueStart, cursor.valueEnd),
    encode: (key, value) => {
      const [keyBytes, valueBytes] = [Buffer.from(key), Buffer.from(value)];
      if (keyBytes.includes(assign) || [keyBytes, valueBytes].some((one) => one.includes(separator))) {
        throw new CodecError('unsupported', `"${key}" or its value holds what separates the pairs.`);
      }
      return Buffer.concat([keyBytes, assign, valueBytes]);
    },
  };
}

function columnsFormat(separator: Buffer, columns: readonly string[], maxEntries: number): EntryFormat {
  return {
    names: columns,
    selfDelimiting: false,
    maxEntries,
    next: (bytes, cursor) => {
      if (!nextPiece(bytes, cursor, separator)) return false;
      cursor.tag = cursor.seen;
      cursor.valueStart = cursor.entryStart;
      cursor.valueEnd = cursor.contentEnd;
      return true;
    },
    matcher: (key) => {
      const exact = columns.indexOf(key);
      const folded = columns.findIndex((column) => column.toLowerCase() === key.toLowerCase());
      const wanted = exact < 0 ? folded : exact;
      return (_bytes, { tag }) => (tag !== wanted ? Match.none : exact < 0 ? Match.folded : Match.exact);
    },
    key: (_bytes, cursor) => columns[cursor.tag],
    value: (bytes, cursor) => textOf(bytes, cursor.valueStart, cursor.valueEnd),
    encode: (key) => {
      throw new CodecError('unsupported', `The column "${key}" cannot be set.`);
    },
    fixedBecause: 'Columns are found by their position and cannot be added.',
  };
}

/** Blanks around keys and values do not count, as in header lines. */
function trim(bytes: Buffer, cursor: EntryCursor): void {
  while (cursor.keyStart < cursor.keyEnd && bytes[cursor.keyStart] === blank) cursor.keyStart++;
  while (cursor.keyEnd > cursor.keyStart && bytes[cursor.keyEnd - 1] === blank) cursor.keyEnd--;
  while (cursor.valueStart < cursor.valueEnd && bytes[cursor.valueStart] === blank) cursor.valueStart++;
  while (cursor.valueEnd > cursor.valueStart && bytes[cursor.valueEnd - 1] === blank) cursor.valueEnd--;
}

function indexOf(bytes: Buffer, wanted: Buffer, from: number, end: number): number {
  const last = end - wanted.length;
  for (let at = from; at <= last; at++) {
    let index = 0;
    while (index < wanted.length && bytes[at + index] === wanted[index]) index++;
    if (index === wanted.length) return at;
  }
  return -1;
}
