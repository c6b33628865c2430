/**
 * Changes the key-value pairs of a frame and then every length that spans them, from the innermost out: protobuf
 * messages, the section, the sections around it, the frame. Which lengths those are is settled at load; a length that
 * would count its own varying width is a cycle and refused there.
 */
import { CodecError, type Frame, type Mutation } from '../codec.ts';
import type { DocumentNode } from './document.ts';
import { Edits } from './edits.ts';
import { rewriteEntries } from './entries.ts';
import { rewriteFrame, whyFixed } from './frame-writer.ts';
import type { Framing } from './framing.ts';
import type { Layout } from './layout.ts';
import type { Properties } from './properties.ts';
import { encodeBytesField, FieldCursor, nextField, Wire } from './protobuf.ts';
import type { Section } from './sections.ts';
import { ByteRange, type MapValue, type Values } from './values.ts';
import { uleb128 } from './variable-integers.ts';

type Mutate = (bytes: Buffer, start: number, frame: Frame, mutation: Mutation) => Buffer;

interface Target {
  readonly map: MapValue;
  readonly section: Section;
  /** Field numbers of the messages around a protobuf map. */
  readonly messages: readonly number[];
  /** What properties of these pairs are called before their key. */
  readonly prefix: string;
}

/** One side of a mutation. */
interface SideMutation {
  readonly mutate: Mutate;
  /** Why no frame can be given a pair; undefined when some can. */
  readonly whyNotSettable: (key: string, value: string) => string | undefined;
}

export interface MutationPlan {
  readonly request: SideMutation | undefined;
  readonly response: SideMutation | undefined;
}

const none = 'none';

export function readMutation(
  node: DocumentNode,
  framing: Framing,
  { sections, values }: Layout,
  open: Properties['open'],
): MutationPlan {
  const target = node.members('target')('target');
  const bySide =
    typeof target.value === 'object' && target.value !== null ? target.members('request', 'response') : undefined;
  const compile = (one: DocumentNode): SideMutation | undefined => {
    if (one.absent || one.value === none) return undefined;
    const found = targetAt(one, sections, values, open);
    if (found === undefined) return undefined;
    const lengths = spanningLengths(one, framing, found.section);
    return {
      mutate: (bytes, start, frame, mutation) => mutate(framing, found, lengths, bytes, start, frame, mutation),
      whyNotSettable: (key, value) => whyNotSettable(found, key, value),
    };
  };
  return bySide === undefined
    ? both(compile(target))
    : { request: compile(bySide('request')), response: compile(bySide('response')) };
}

function both(side: SideMutation | undefined): MutationPlan {
  return { request: side, response: side };
}

function whyNotSettable({ map, prefix }: Target, key: string, value: string): string | undefined {
  try {
    map.entries.encode(withoutPrefix(key, prefix), value);
    return undefined;
  } catch (error) {
    if (error instanceof CodecError) return error.message;
    throw error;
  }
}

function targetAt(
  node: DocumentNode,
  sections: readonly Section[],
  values: Values,
  open: Properties['open'],
): Target | undefined {
  const name = node.text();
  const map = values.get(name);
  const dot = name.indexOf('.');
  const sectionName = dot < 0 ? name : name.slice(0, dot);
  const section = sections.find((one) => one.name === sectionName);
  if (map?.form !== 'map' || section === undefined) {
    node.problem(`"${name}" holds no key-value pairs.`, 'Name a section of pairs, or the map of a protobuf section.');
    return undefined;
  }
  if (map.entries.fixedBecause !== undefined) node.problem(map.entries.fixedBecause, 'Use target: none.');
  const path = dot < 0 ? [] : (section.protobuf?.get(name.slice(dot + 1))?.path ?? []);
  const prefix = open.find((one) => one.map === map)?.prefix ?? '';
  return { map, section, messages: path.slice(0, -1), prefix };
}

interface SpanningLengths {
  /** Sections that have a length, from the target's own outwards. */
  readonly sections: readonly Section[];
  /** Offsets in the header that they write, which the frame's length may share. */
  readonly owned: ReadonlySet<number>;
}

function spanningLengths(node: DocumentNode, framing: Framing, target: Section): SpanningLengths {
  const sections: Section[] = [];
  for (let section: Section | undefined = target; section !== undefined; section = section.parent) {
    if (section.length !== undefined) {
      sections.push(section);
      checkLength(node, section);
    } else if (section.size !== undefined) {
      node.problem(`"${section.name}" always has the same size.`, 'Use target: none, or give the section a length.');
    }
  }
  const owned = new Set(sections.flatMap(({ length }) => (length?.offset === undefined ? [] : [length.offset])));
  const why = whyFixed(framing.length, owned);
  if (why !== undefined) node.problem(`The frame's length cannot follow a change. ${why}`, 'Use target: none.');
  return { sections, owned };
}

function checkLength(node: DocumentNode, { name, length }: Section): void {
  if (length === undefined) return;
  if (length.unit !== 1) {
    node.problem(`The length of "${name}" is counted in units, and padding is not told.`, 'Use target: none.');
  }
  if (length.offset === undefined && length.integer.width === 0 && length.adjust !== 0) {
    node.problem(`The length of "${name}" counts itself and its own width varies: a cycle.`, 'Use target: none.');
  }
}

function mutate(
  framing: Framing,
  { map, section, messages, prefix }: Target,
  lengths: SpanningLengths,
  bytes: Buffer,
  start: number,
  frame: Frame,
  given: Mutation,
): Buffer {
  const end = start + frame.length;
  const contentEnd = end - framing.trailer.bytes.length;
  const range = new ByteRange();
  const mutation = prefix === '' ? given : given.map(({ key, value }) => ({ key: withoutPrefix(key, prefix), value }));
  // Frames without the section, such as stream frames, have nothing to change.
  if (mutation.length === 0 || !section.range(bytes, start, contentEnd, frame.d, range)) return copy(bytes, start, end);
  const edits = new Edits();
  if (messages.length === 0) rewriteEntries(map.entries, bytes, range.from, range.to, mutation, edits);
  else rewriteNested(map, messages, bytes, range, mutation, edits);
  for (const one of lengths.sections) growSection(one, bytes, start, contentEnd, frame.d, edits);
  return rewriteFrame(framing, edits, bytes, start, end, lengths.owned);
}

function withoutPrefix(key: string, prefix: string): string {
  if (key.startsWith(prefix)) return key.slice(prefix.length);
  throw new CodecError('unsupported', `Only properties called ${prefix}... can be set, not "${key}".`);
}

function copy(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.from(bytes.subarray(start, end));
}

function growSection(
  { length, begin, extent }: Section,
  bytes: Buffer,
  start: number,
  end: number,
  side: number,
  edits: Edits,
): void {
  const range = new ByteRange();
  if (length === undefined || !extent(bytes, start, end, side, range)) return;
  const { integer, offset, adjust } = length;
  const at = offset === undefined ? begin(bytes, start, end, side) : start + offset;
  const encoded = integer.encode(range.to - range.from + edits.growth - adjust);
  edits.replace(at, integer.size(bytes, at, end), encoded);
}

/** Rewrites the map in the last message of the path; messages that are not there yet are appended. */
function rewriteNested(
  { entries }: MapValue,
  messages: readonly number[],
  bytes: Buffer,
  section: ByteRange,
  mutation: Mutation,
  edits: Edits,
): void {
  const open: { readonly lengthAt: number; readonly from: number; readonly to: number }[] = [];
  let { from, to } = section;
  for (const [depth, number] of messages.entries()) {
    const found = lastMessage(number, bytes, from, to);
    if (found === undefined) {
      edits.replace(to, 0, wrapped(messages.slice(depth), setEntries(mutation, entries)));
      break;
    }
    open.push(found);
    ({ from, to } = found);
    if (depth === messages.length - 1) rewriteEntries(entries, bytes, from, to, mutation, edits);
  }
  for (const message of open.toReversed()) {
    const size = uleb128.encode(message.to - message.from + edits.growth);
    edits.replace(message.lengthAt, message.from - message.lengthAt, size);
  }
}

function setEntries(mutation: Mutation, { encode }: MapValue['entries']): Buffer {
  const settings = new Map(mutation.map(({ key, value }) => [key, value]));
  return Buffer.concat([...settings].map(([key, value]) => encode(key, value)));
}

function wrapped(messages: readonly number[], content: Buffer): Buffer {
  return messages.reduceRight((inner, number) => encodeBytesField(number, inner), content);
}

function lastMessage(
  number: number,
  bytes: Buffer,
  from: number,
  to: number,
): { readonly lengthAt: number; readonly from: number; readonly to: number } | undefined {
  const cursor = new FieldCursor();
  let found: { readonly lengthAt: number; readonly from: number; readonly to: number } | undefined;
  cursor.begin(from, to);
  while (nextField(bytes, cursor)) {
    if (cursor.number !== number || cursor.wire !== Wire.bytes) continue;
    const lengthAt = cursor.fieldStart + uleb128.size(bytes, cursor.fieldStart, to);
    found = { lengthAt, from: cursor.valueStart, to: cursor.valueEnd };
  }
  if (cursor.malformed) throw new CodecError('malformed', 'The message to be changed is malformed.');
  return found;
}
