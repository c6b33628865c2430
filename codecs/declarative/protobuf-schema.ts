/** The members of a protobuf section that a description names, such as `service: { path: "1.1", type: string }`. */
import type { DocumentNode } from './document.ts';
import { fixedInteger, type Integer } from './integers.ts';
import type { Limits } from './limits.ts';
import { type FindPath, pathFinder, Wire } from './protobuf.ts';
import { protobufMap } from './protobuf-map.ts';
import { ByteRange, type LocateRange, locatedInteger, locatedText, presenceOf, type Value } from './values.ts';
import { int64Varint, uleb128, zigzag } from './variable-integers.ts';

export interface ProtobufMember {
  readonly path: readonly number[];
  readonly value: Value;
}

const integers: Readonly<Record<string, { readonly integer: Integer; readonly wire: Wire }>> = {
  int64: { integer: int64Varint, wire: Wire.varint },
  uint64: { integer: uleb128, wire: Wire.varint },
  sint64: { integer: zigzag, wire: Wire.varint },
  fixed32: { integer: fixedInteger('u32', 'little'), wire: Wire.fixed32 },
  sfixed32: { integer: fixedInteger('i32', 'little'), wire: Wire.fixed32 },
  fixed64: { integer: fixedInteger('u64', 'little'), wire: Wire.fixed64 },
  sfixed64: { integer: fixedInteger('i64', 'little'), wire: Wire.fixed64 },
};

export const protobufIntegers: ReadonlyMap<string, { readonly integer: Integer; readonly wire: Wire }> = new Map(
  Object.entries(integers),
);

const maxMembers = 64;
const maxDepth = 8;
export const largestFieldNumber = 0x1fff_ffff;

export function readProtobuf(
  node: DocumentNode,
  section: LocateRange,
  limits: Limits,
): ReadonlyMap<string, ProtobufMember> {
  const members = new Map<string, ProtobufMember>();
  for (const [name, member] of node.entries(maxMembers)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)) {
      member.problem(`"${name}" is no name.`, 'Use letters, digits and _; begin with a letter.');
    }
    members.set(name, readMember(member, section, limits));
  }
  return members;
}

function readMember(node: DocumentNode, section: LocateRange, limits: Limits): ProtobufMember {
  const part = node.members('path', 'type');
  const path = readPath(part('path'));
  const type = part('type').choice([...Object.keys(integers), 'string', 'bytes', 'message', 'map'], 'string');
  const number = integers[type];
  if (number !== undefined) {
    const found = within(section, pathFinder(path, number.wire));
    const scratch = new ByteRange();
    const at = (bytes: Buffer, start: number, end: number, side: number): number =>
      found(bytes, start, end, side, scratch) ? scratch.from : -1;
    return { path, value: locatedInteger(number.integer, at) };
  }
  if (type === 'map') {
    const parent = path.slice(0, -1);
    const range = parent.length === 0 ? section : within(section, pathFinder(parent, Wire.bytes));
    const entries = protobufMap(path.at(-1) ?? 1, limits.maxProperties);
    return { path, value: { form: 'map', present: presenceOf(range), range, entries } };
  }
  const range = within(section, pathFinder(path, Wire.bytes));
  if (type === 'message') return { path, value: { form: 'presence', present: presenceOf(range) } };
  return { path, value: locatedText(range, type === 'bytes') };
}

function readPath(node: DocumentNode): readonly number[] {
  const { value } = node;
  const text = typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value)) ? String(value) : '';
  const path = text.split('.').map(Number);
  const valid = /^\d+(\.\d+)*$/.test(text) && path.every((number) => number >= 1 && number <= largestFieldNumber);
  if (valid && path.length <= maxDepth) return path;
  node.problem(
    'This is no path of field numbers.',
    `Write field numbers joined by dots, in quotes: "1.2"; at most ${maxDepth} of them.`,
  );
  return [1];
}

/** What stands at the path in the section of a frame. */
function within(section: LocateRange, find: FindPath): LocateRange {
  const content = new ByteRange();
  return (bytes, start, end, side, found) =>
    section(bytes, start, end, side, content) && find(bytes, content.from, content.to, found);
}
