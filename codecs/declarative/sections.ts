/**
 * Named stretches of bytes behind the fixed header: where one begins, where it ends, and what its content is decoded
 * as. Lengths are checked when a frame is decoded, content only when somebody asks for it.
 */
import { readDelimitedText } from './delimited-text.ts';
import type { DocumentNode } from './document.ts';
import type { EntryFormat } from './entries.ts';
import type { Framing } from './framing.ts';
import { readKeyValues } from './key-values.ts';
import type { Limits } from './limits.ts';
import { type ProtobufMember, readProtobuf } from './protobuf-schema.ts';
import { placeSection, type SectionLength, type SectionPlace } from './section-place.ts';
import { readTags } from './tags.ts';
import { readIntegerType } from './types.ts';
import { type Evaluate, type Locate, type LocateRange, presenceOf, type Value } from './values.ts';

export interface Section extends SectionPlace {
  readonly name: string;
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

export interface Surroundings {
  readonly framing: Framing;
  readonly limits: Limits;
  /** Undefined for the start of the section around it. */
  readonly after: Locate | undefined;
  /** Whether what stands before it tells its end without being parsed. */
  readonly afterEager: boolean;
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
  const place = placeSection({ after: around.after, parent, condition, length, size, entries, limits });
  const { range } = place;
  const protobuf = decode === 'protobuf' ? readProtobuf(schema, range, limits) : undefined;
  const selfDelimiting = length === undefined && size === undefined && entries?.selfDelimiting === true;
  return {
    name,
    ...place,
    length,
    parent,
    condition,
    entries,
    protobuf,
    eager: !selfDelimiting && parent?.eager !== false && around.afterEager,
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
