/** Tag, length, value: each pair has a number instead of a key, and the description gives the numbers names. */
import { CodecError } from '../codec.ts';
import type { DocumentNode } from './document.ts';
import { type EntryCursor, type EntryFormat, Match } from './entries.ts';
import { decimalOfHalves, type Endian } from './integers.ts';
import { hexOf, textOf } from './strings.ts';
import { readIntegerType, readWireType, type WireType } from './types.ts';

const maxTags = 256;

interface Tag {
  readonly number: number;
  readonly name: string;
  /** Undefined for text. */
  readonly type: WireType | undefined;
}

export function readTags(node: DocumentNode, endian: Endian, maxEntries: number): EntryFormat {
  const part = node.members('count', 'tag', 'length', 'counts', 'tags');
  const counted = !part('count').absent;
  const tagType = readIntegerType(part('tag'), endian);
  const lengthType = readIntegerType(part('length'), endian);
  const whole = part('counts').choice(['value', 'whole'], 'value') === 'whole';
  if (whole && lengthType.width === 0) {
    part('counts').problem('A length of varying width cannot count itself.', 'Use counts: value, or a fixed width.');
  }
  const tags = part('tags')
    .entries(maxTags)
    .map(([number, tag]) => readTag(number, tag, endian));
  const byNumber = new Map(tags.map((tag) => [tag.number, tag]));
  if (tags.length === 0) part('tags').problem('No tag has a name.', 'Write tags: { 1: name, ... }.');

  const next = (bytes: Buffer, cursor: EntryCursor): boolean => {
    const { position, end } = cursor;
    if (position === end) return false;
    const tagSize = tagType.size(bytes, position, end);
    const lengthSize = tagSize < 0 ? -1 : lengthType.size(bytes, position + tagSize, end);
    if (lengthSize < 0) return cursor.fail();
    const valueStart = position + tagSize + lengthSize;
    const length = lengthType.read(bytes, position + tagSize);
    const valueEnd = whole ? position + length : valueStart + length;
    if (valueEnd < valueStart || valueEnd > end) return cursor.fail();
    cursor.tag = tagType.read(bytes, position);
    cursor.entryStart = position;
    cursor.valueStart = valueStart;
    cursor.entryEnd = cursor.contentEnd = cursor.valueEnd = cursor.position = valueEnd;
    return true;
  };
  return {
    names: tags.map((tag) => tag.name),
    ...(counted ? { count: readIntegerType(part('count'), endian) } : {}),
    selfDelimiting: counted,
    maxEntries,
    next,
    matcher: (key) => {
      const exact = tags.find((tag) => tag.name === key);
      const wanted = exact ?? tags.find((tag) => tag.name.toLowerCase() === key.toLowerCase());
      const match = exact === undefined ? Match.folded : Match.exact;
      return wanted === undefined
        ? () => Match.none
        : (_bytes, { tag }) => (tag === wanted.number ? match : Match.none);
    },
    key: (_bytes, cursor) => byNumber.get(cursor.tag)?.name,
    value: (bytes, cursor) => valueText(byNumber.get(cursor.tag)?.type, bytes, cursor),
    encode: (key, value) => {
      const tag = tags.find(({ name }) => name === key);
      if (tag === undefined) throw new CodecError('unsupported', `No tag of this protocol is called "${key}".`);
      const content = encodeValue(tag, value);
      const number = tagType.encode(tag.number);
      const length = whole ? number.length + lengthType.width + content.length : content.length;
      return Buffer.concat([number, lengthType.encode(length), content]);
    },
  };
}

function readTag(number: string, node: DocumentNode, endian: Endian): Tag {
  if (!/^(0|[1-9]\d{0,9})$/.test(number)) node.problem(`"${number}" is no tag number.`, 'Write 1: name.');
  if (typeof node.value === 'string') return { number: Number(number), name: node.text(), type: undefined };
  const part = node.members('name', 'type');
  const type = part('type').absent ? undefined : readWireType(part('type'), endian);
  if (type !== undefined && type.form !== 'integer' && type.form !== 'bytes') {
    part('type').problem('A value is text, an integer or bytes(n).', 'Leave the type out for text.');
  }
  return { number: Number(number), name: part('name').text(), type };
}

function valueText(type: WireType | undefined, bytes: Buffer, cursor: EntryCursor): string | undefined {
  const { valueStart, valueEnd } = cursor;
  if (type?.form === 'bytes') return hexOf(bytes, valueStart, valueEnd);
  if (type?.form !== 'integer') return textOf(bytes, valueStart, valueEnd);
  const { integer } = type;
  if (integer.size(bytes, valueStart, valueEnd) < 0) return undefined;
  if (integer.width === 8) {
    return decimalOfHalves(integer.high(bytes, valueStart), integer.low(bytes, valueStart), integer.signed);
  }
  return String(integer.read(bytes, valueStart));
}

function encodeValue(tag: Tag, value: string): Buffer {
  if (tag.type?.form === 'integer') {
    if (!/^-?\d{1,15}$/.test(value)) throw new CodecError('unsupported', `"${tag.name}" must be a whole number.`);
    return tag.type.integer.encode(Number(value));
  }
  if (tag.type?.form === 'bytes') {
    if (!/^([0-9a-fA-F]{2})*$/.test(value)) throw new CodecError('unsupported', `"${tag.name}" must be hexadecimal.`);
    return Buffer.from(value, 'hex');
  }
  return Buffer.from(value);
}
