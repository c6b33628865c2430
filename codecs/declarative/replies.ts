/**
 * Error and heartbeat replies from the description's templates: a header (the request's own, or zeroes with the magic),
 * fields set in it, sections, a body, and every length.
 */
import { type Frame, FrameKind, ReplyReason } from '../codec.ts';
import { readCondition } from './conditions.ts';
import type { DocumentNode } from './document.ts';
import { writeFrame } from './frame-writer.ts';
import type { Framing } from './framing.ts';
import type { Identity } from './identity.ts';
import type { Layout } from './layout.ts';
import { attempt, type Piece, printable, type ReplyInput, readPieces, readReasoned } from './reply-pieces.ts';
import { emptyContent, writeSection } from './section-writer.ts';
import type { Section } from './sections.ts';
import type { Evaluate, Locate } from './values.ts';

export interface Replies {
  readonly error: ((input: Omit<ReplyInput, 'message'>, message: string) => Buffer | undefined) | undefined;
  readonly heartbeat: ((bytes: Buffer, start: number, frame: Frame) => Buffer | undefined) | undefined;
  /** How far into a request the error template reads; undefined for the fixed header alone. */
  readonly headEnd: Evaluate | undefined;
}

interface Surroundings {
  readonly framing: Framing;
  readonly layout: Layout;
  readonly identity: Identity;
}

export function readReplies(node: DocumentNode, around: Surroundings): Replies {
  const part = node.members('error', 'heartbeat');
  const used = new Set<string>();
  const error = part('error').members('template')('template');
  const beat = part('heartbeat').members('template', 'when');
  const write = error.absent ? undefined : readTemplate(error, around, used);
  const headEnd = write === undefined ? undefined : furthest(error, used, around);
  return {
    error:
      write === undefined
        ? undefined
        : (input, message) => attempt(() => write({ ...input, message: printable(message) })),
    heartbeat: beat('template').absent ? undefined : heartbeat(beat('template'), beat('when'), around),
    headEnd,
  };
}

function heartbeat(template: DocumentNode, when: DocumentNode, around: Surroundings): Replies['heartbeat'] {
  const write = readTemplate(template, around, new Set());
  const wanted = when.absent ? undefined : readCondition(when, around.layout.values);
  const trailerSize = around.framing.trailer.bytes.length;
  return (bytes, start, frame) => {
    if (frame.kind !== FrameKind.heartbeat) return undefined;
    const end = start + frame.length - trailerSize;
    if (wanted !== undefined && wanted(bytes, start, end, frame.d) === 0) return undefined;
    const head = bytes.subarray(0, end);
    const { idHigh, idLow } = frame;
    return attempt(() =>
      write({ head, start, idHigh, idLow, reason: ReplyReason.unspecified, message: Buffer.alloc(0) }),
    );
  };
}

function readTemplate(node: DocumentNode, { framing, layout, identity }: Surroundings, used: Set<string>): Piece {
  const part = node.members('copyHeader', 'set', 'length', 'sections', 'body');
  part('length').choice(['auto'], 'auto');
  const scope = { values: layout.values, endian: framing.endian, uses: (name: string) => void used.add(name) };
  const copies = part('copyHeader').flag() ?? true;
  const setters = readSetters(part('set'), layout);
  const sections = readSectionContents(part('sections'), layout.sections, (pieces) => readPieces(pieces, scope));
  const body = readBody(part('body'), (pieces) => readPieces(pieces, scope));
  const owned = new Set(sections.flatMap(({ length }) => (length?.offset === undefined ? [] : [length.offset])));
  return (input) => {
    const { head, start } = input;
    const header = copies ? Buffer.from(head.subarray(start, start + framing.headerSize)) : blankHeader(framing);
    for (const set of setters) set(header, input);
    writeId(identity, header, input);
    const contents = sections.map((section) => section.write(header, input));
    return writeFrame(framing, header, Buffer.concat([...contents, body(input)]), owned);
  };
}

function blankHeader({ headerSize, magic }: Framing): Buffer {
  const header = Buffer.alloc(headerSize);
  for (const mark of magic) mark.bytes.copy(header, mark.offset);
  return header;
}

function writeId({ value }: Identity, header: Buffer, { idHigh, idLow }: ReplyInput): void {
  if (value?.offset !== undefined) value.integer.encodeHalves(idHigh, idLow).copy(header, value.offset);
}

type Setter = (header: Buffer, input: ReplyInput) => void;

const maxSetters = 32;

function readSetters(node: DocumentNode, layout: Layout): readonly Setter[] {
  return node.entries(maxSetters).map(([name, setting]): Setter => {
    const field = layout.values.get(name);
    if (field?.form !== 'integer' || field.offset === undefined) {
      setting.problem(`"${name}" is no integer in the fixed header.`, 'Declare it under fields with an offset.');
      return () => undefined;
    }
    const { integer, offset, bits } = field;
    const choose = readReasoned(setting, integer);
    if (bits === undefined) return (header, { reason }) => void integer.encode(choose(reason)).copy(header, offset);
    const { mask, shift } = bits;
    return (header, { reason }) => {
      const kept = integer.low(header, offset) & ~mask;
      integer.encodeHalves(0, (kept | ((choose(reason) << shift) & mask)) >>> 0).copy(header, offset);
    };
  });
}

function readBody(node: DocumentNode, pieces: (node: DocumentNode) => Piece): Piece {
  if (Array.isArray(node.value)) return pieces(node);
  const choice = node.choice(['none', 'message'], 'none');
  return choice === 'message' ? ({ message }) => message : () => Buffer.alloc(0);
}

interface SectionContent {
  readonly length: Section['length'];
  /** Gives the section with a length before it, and writes a length that stands in the header. */
  readonly write: (header: Buffer, input: ReplyInput) => Buffer;
}

/** The sections that a reply has: those that the template names, and those that every frame has, which stay empty. */
function readSectionContents(
  node: DocumentNode,
  sections: readonly Section[],
  pieces: (node: DocumentNode) => Piece,
): readonly SectionContent[] {
  const given = new Map(node.entries(sections.length));
  for (const [name, content] of given) {
    const section = sections.find((one) => one.name === name);
    if (section === undefined || section.parent !== undefined) {
      content.problem(`"${name}" is no section of its own.`, 'Name a section that stands in no other.');
    }
  }
  return sections
    .filter(({ name, parent, condition }) => parent === undefined && (condition === undefined || given.has(name)))
    .map((section) => {
      const content = given.get(section.name);
      const piece = content === undefined ? undefined : pieces(content);
      return {
        length: section.length,
        write: (header, input) =>
          writeSection(section, header, piece?.(input) ?? emptyContent(section, sections, header)),
      };
    });
}

/** The furthest byte that the template reads of a request; its parts must tell their own end. */
function furthest(
  node: DocumentNode,
  used: ReadonlySet<string>,
  { framing, layout }: Surroundings,
): Evaluate | undefined {
  const ends: Locate[] = [];
  for (const name of used) {
    const value = layout.values.get(name);
    const inHeader = value?.form === 'integer' && value.offset !== undefined;
    const part = name.split('.', 1)[0] ?? name;
    const section = layout.sections.find((one) => one.name === part);
    if (section !== undefined && section.length === undefined && section.size === undefined) {
      node.problem(`"${part}" has no length, so that a reply cannot copy from it.`, 'Give the section a length.');
    }
    const end = layout.ends.get(part);
    if (!inHeader && end !== undefined) ends.push(end);
  }
  if (ends.length === 0) return undefined;
  return (bytes, start, end, side) => {
    let head = framing.headerSize;
    for (const locate of ends) head = Math.max(head, locate(bytes, start, end, side) - start);
    return head;
  };
}
