/**
 * Named stretches of bytes behind the fixed header: where one begins, where it ends, and what its content is decoded
 * as. Lengths are checked when a frame is decoded, content only when somebody asks for it.
 */
import { readDelimitedText } from './delimited-text.ts';
import type { DocumentNode } from './document.ts';
import { type EntryFormat, measureEntries } from './entries.ts';
import type { Framing } from './framing.ts';
import type { Integer } from './integers.ts';
import { readKeyValues } from './key-values.ts';
import type { Limits } from './limits.ts';
import { type ProtobufMember, readProtobuf } from './protobuf-schema.ts';
import { readTags } from './tags.ts';
import { readIntegerType } from './types.ts';
import { ByteRange, type Evaluate, type Locate, type LocateRange, presenceOf, type Value } from './values.ts';

export interface Section {
  readonly name: string;
  /** Where its first byte stands, a length right before its content included. */
  readonly begin: Locate;
  readonly contentStart: Locate;
  /** Where the next thing stands. */
  readonly after: Locate;
  /** The content; false when the section is not in this frame. */
  readonly range: LocateRange;
  /** The content, empty when the condition does not hold; false when it does not fit into the frame. */
  readonly extent: LocateRange;
  readonly length: SectionLength | undefined;
  readonly parent: Section | undefined;
  readonly condition: Evaluate | undefined;
  readonly entries: EntryFormat | undefined;
  readonly protobuf: ReadonlyMap<string, ProtobufMember> | undefined;
  /** Whether decode checks that it fits: always, but where only parsing tells its end. */
  readonly eager: boolean;
  readonly decoded: boolean;
  /** Bytes of content, where they are always the same. */
  readonly size: number | undefined;
  /** Names that it gives to the rest of the description; '' is the section itself. */
  readonly values: ReadonlyMap<string, Value>;
}

interface SectionLength {
  readonly integer: Integer;
  /** Where it stands in the fixed header; undefined when it stands right before the content. */
  readonly offset: number | undefined;
  /** Bytes of content = value * unit + adjust. */
  readonly adjust: number;
  readonly unit: number;
}

export interface Surroundings {
  readonly framing: Framing;
  readonly limits: Limits;
  readonly after: Locate;
  readonly parent: Section | undefined;
  readonly condition: Evaluate | undefined;
}

const maxAdjust = 0x10000;
const members = ['name', 'at', 'after', 'in', 'when', 'length', 'size', 'endian', 'decode', 'schema'] as const;

export function readSection(node: DocumentNode, name: string, around: Surroundings): Section {
  const part = node.members(...members);
  const { framing, limits, parent, condition } = around;
  const endian = part('endian').choice(['big', 'little'], framing.endian);
  checkPlace(part('at'), framing);
  const decode = part('decode').choice(['none', 'keyValues', 'tlv', 'text', 'protobuf'], 'none');
  const schema = part('schema');
  const entries =
    decode === 'keyValues'
      ? readKeyValues(schema, endian, limits.maxProperties)
      : decode === 'tlv'
        ? readTags(schema, endian, limits.maxProperties)
        : decode === 'text'
          ? readDelimitedText(schema, limits.maxProperties)
          : undefined;
  const length = part('length').absent ? undefined : readLength(part('length'), framing);
  const size = part('size').absent ? undefined : part('size').integer(1, limits.maxHeader);
  if (length !== undefined && size !== undefined)
    part('size').problem('There is a length already.', 'Give one of them.');
  const { begin, contentStart } = starts(around.after, length);
  const measure = measureOf(length, size, entries, limits);
  const extent = extentOf({ contentStart, begin, condition, parent, measure });
  const range: LocateRange =
    condition === undefined
      ? extent
      : (bytes, start, end, side, found) =>
          condition(bytes, start, end, side) !== 0 && extent(bytes, start, end, side, found);
  const protobuf = decode === 'protobuf' ? readProtobuf(schema, range, limits) : undefined;
  const selfDelimiting = length === undefined && size === undefined && entries?.selfDelimiting === true;
  return {
    name,
    begin,
    contentStart,
    after: endOf(extent),
    range,
    extent,
    length,
    parent,
    condition,
    entries,
    protobuf,
    eager: !selfDelimiting && parent?.eager !== false,
    decoded: decode !== 'none',
    size,
    values: valuesOf(range, entries, protobuf),
  };
}

function checkPlace(at: DocumentNode, framing: Framing): void {
  if (at.absent || at.integer(0, framing.headerSize) === framing.headerSize) return;
  at.problem(
    `The fixed header ends at ${framing.headerSize}, and sections follow it.`,
    'Set "at" to frame.header.size, use "after", or declare fields for what stands in the header.',
  );
}

function readLength(node: DocumentNode, framing: Framing): SectionLength {
  const part = node.members('offset', 'type', 'endian', 'adjust', 'unit');
  const integer = readIntegerType(part('type'), part('endian').choice(['big', 'little'], framing.endian));
  const offset = part('offset').absent ? undefined : part('offset').integer(0, framing.headerSize);
  if (offset !== undefined && (integer.width === 0 || offset + integer.width > framing.headerSize)) {
    part('offset').problem(
      'The length does not stand in the fixed header with a fixed width.',
      'Enlarge frame.header.size, or leave the offset out: then the length stands right before the content.',
    );
  }
  return {
    integer,
    offset,
    adjust: part('adjust').integer(-maxAdjust, maxAdjust, 0),
    unit: part('unit').integer(1, 64, 1),
  };
}

function starts(after: Locate, length: SectionLength | undefined): { begin: Locate; contentStart: Locate } {
  if (length === undefined || length.offset !== undefined) return { begin: after, contentStart: after };
  const { integer } = length;
  const contentStart: Locate = (bytes, start, end, side) => {
    const at = after(bytes, start, end, side);
    const size = at < 0 ? -1 : integer.size(bytes, at, end);
    return size < 0 ? -1 : at + size;
  };
  return { begin: after, contentStart };
}

/** The content's end, which may be anything: whoever calls checks it. */
type Measure = (bytes: Buffer, start: number, begin: number, from: number, limit: number) => number;

function measureOf(
  length: SectionLength | undefined,
  size: number | undefined,
  entries: EntryFormat | undefined,
  limits: Limits,
): Measure {
  if (length !== undefined) {
    const { integer, offset, adjust, unit } = length;
    if (offset !== undefined) {
      return (bytes, start, _begin, from) => from + integer.read(bytes, start + offset) * unit + adjust;
    }
    return (bytes, _start, begin, from) => from + integer.read(bytes, begin) * unit + adjust;
  }
  if (size !== undefined) return (_bytes, _start, _begin, from) => from + size;
  if (entries?.selfDelimiting !== true) return (_bytes, _start, _begin, _from, limit) => limit;
  return (bytes, _start, _begin, from, limit) =>
    measureEntries(entries, bytes, from, Math.min(limit, from + limits.maxHeader));
}

interface ExtentParts {
  readonly begin: Locate;
  readonly contentStart: Locate;
  readonly condition: Evaluate | undefined;
  readonly parent: Section | undefined;
  readonly measure: Measure;
}

function extentOf({ begin, contentStart, condition, parent, measure }: ExtentParts): LocateRange {
  const outer = new ByteRange();
  return (bytes, start, end, side, found) => {
    if (parent !== undefined && !parent.range(bytes, start, end, side, outer)) return false;
    const limit = parent === undefined ? end : outer.to;
    const at = begin(bytes, start, end, side);
    if (at < 0 || at > limit) return false;
    found.from = found.to = at;
    if (condition !== undefined && condition(bytes, start, end, side) === 0) return true;
    found.from = contentStart(bytes, start, limit, side);
    if (found.from < 0) return false;
    found.to = measure(bytes, start, at, found.from, limit);
    return found.to >= found.from && found.to <= limit;
  };
}

function endOf(extent: LocateRange): Locate {
  const found = new ByteRange();
  return (bytes, start, end, side) => (extent(bytes, start, end, side, found) ? found.to : -1);
}

function valuesOf(
  range: LocateRange,
  entries: EntryFormat | undefined,
  protobuf: ReadonlyMap<string, ProtobufMember> | undefined,
): ReadonlyMap<string, Value> {
  const present = presenceOf(range);
  const itself: Value =
    entries === undefined ? { form: 'presence', present } : { form: 'map', present, range, entries };
  const values = new Map<string, Value>([['', itself]]);
  for (const [name, member] of protobuf ?? []) values.set(name, member.value);
  return values;
}
