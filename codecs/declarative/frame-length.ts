/**
 * The length of a frame, in the ways protocols tell it: one or several integers in the header, an integer of varying
 * width right after it, a delimiter, or always the same. Reading is on the hot path and specialised by form; writing
 * serves replies and mutations.
 */
import { CodecError } from '../codec.ts';
import type { DocumentNode } from './document.ts';
import { type Endian, type Integer, invalid } from './integers.ts';
import { readIntegerType } from './types.ts';

/** Bytes of the whole frame, or -1 when they cannot be told yet. Throws CodecError. May remember where it looked last. */
export type ReadLength = (bytes: Buffer, start: number, end: number) => number;

export interface LengthPart {
  readonly offset: number;
  readonly integer: Integer;
  readonly shift: number;
}

interface Bounds {
  /** The least a whole frame can be. */
  readonly min: number;
}

export type FrameLength = Bounds &
  (
    | { readonly form: 'parts'; readonly parts: readonly LengthPart[]; readonly base: number; readonly unit: number }
    /** An integer right after the fixed header; the frame is `base` bytes longer than its value. */
    | { readonly form: 'variable'; readonly integer: Integer; readonly base: number; readonly countsItself: boolean }
    | { readonly form: 'delimiter'; readonly delimiter: Buffer }
    | { readonly form: 'fixed'; readonly size: number }
  );

interface Surroundings {
  readonly headerSize: number;
  readonly endian: Endian;
  readonly trailerSize: number;
}

const maxParts = 8;
const maxAdjust = 0x10000;
const maxDelimiter = 16;

export function readFrameLength(node: DocumentNode, around: Surroundings): FrameLength {
  const part = node.members('parts', 'counts', 'adjust', 'unit', 'min', 'delimiter', 'size');
  const given = (['parts', 'delimiter', 'size'] as const).filter((name) => !part(name).absent);
  if (given.length !== 1)
    node.problem('The length is told in no way, or in several.', 'Give one of parts, delimiter, size.');
  const least = around.headerSize + around.trailerSize;
  if (given[0] === 'delimiter') {
    const delimiter = part('delimiter').bytes(maxDelimiter);
    return { form: 'delimiter', delimiter, min: around.headerSize + delimiter.length };
  }
  if (given[0] === 'size') {
    const size = part('size').integer(Math.max(least, 1), 0x7fffffff);
    return { form: 'fixed', size, min: size };
  }
  const min = part('min').integer(Math.max(least, 1), 0x7fffffff, Math.max(least, 1));
  const counts = part('counts').choice(['whole', 'afterHeader', 'afterField'], 'whole');
  const adjust = part('adjust').integer(-maxAdjust, maxAdjust, 0);
  const unit = part('unit').integer(1, 64, 1);
  const parts = part('parts')
    .items(maxParts)
    .map((item) => readPart(item, around));
  const [first] = parts;
  if (first?.integer.width === 0) {
    if (parts.length > 1 || unit !== 1) {
      part('parts').problem('A length of varying width must be the only part.', 'Leave the others, and unit, out.');
    }
    const base = around.headerSize * (counts === 'whole' ? 0 : 1) + adjust;
    return { form: 'variable', integer: first.integer, base, countsItself: counts !== 'afterField', min };
  }
  const fieldEnd = Math.max(0, ...parts.map(({ offset, integer }) => offset + integer.width));
  const base = { whole: 0, afterHeader: around.headerSize, afterField: fieldEnd }[counts] + adjust;
  return { form: 'parts', parts, base, unit, min };
}

function readPart(node: DocumentNode, around: Surroundings): LengthPart {
  const part = node.members('offset', 'type', 'endian', 'shift');
  const integer = readIntegerType(part('type'), part('endian').choice(['big', 'little'], around.endian));
  const offset = part('offset').integer(0, around.headerSize);
  if (integer.width === 0 && offset !== around.headerSize) {
    part('offset').problem(
      'An integer of varying width stands right after the fixed header.',
      `Set the offset to frame.header.size, which is ${around.headerSize}, or change that.`,
    );
  }
  if (offset + integer.width > around.headerSize) {
    part('offset').problem('The header does not cover this part of the length.', 'Enlarge frame.header.size.');
  }
  return { offset, integer, shift: part('shift').integer(0, 32, 0) };
}

/** One for each decoder: a delimiter is not looked for twice in the same bytes. */
export function lengthReader(length: FrameLength, headerSize: number, maxFrame: number): ReadLength {
  switch (length.form) {
    case 'fixed': {
      const { size } = length;
      return () => size;
    }
    case 'parts':
      return partsReader(length);
    case 'variable':
      return variableReader(length.integer, headerSize, length.base, length.countsItself);
    case 'delimiter':
      return delimiterReader(length.delimiter, headerSize, maxFrame);
  }
}

function partsReader({ parts, base, unit }: FrameLength & { readonly form: 'parts' }): ReadLength {
  const [first] = parts;
  if (first !== undefined && parts.length === 1 && first.shift === 0 && unit === 1) {
    const { offset } = first;
    const { read } = first.integer;
    return (bytes, start) => checked(read(bytes, start + offset) + base);
  }
  const terms = parts.map(({ offset, integer, shift }) => ({ offset, read: integer.read, factor: unit * 2 ** shift }));
  return (bytes, start) => {
    let sum = base;
    for (const { offset, read, factor } of terms) sum += read(bytes, start + offset) * factor;
    return checked(sum);
  };
}

/** -1 means "not known yet" to the decoder, so that a length below zero must not get there. */
function checked(length: number): number {
  return Math.max(length, 0);
}

function variableReader(integer: Integer, headerSize: number, base: number, countsItself: boolean): ReadLength {
  return (bytes, start, end) => {
    const size = integer.size(bytes, start + headerSize, end);
    if (size === invalid) throw new CodecError('malformed', `The frame's length is no ${integer.name}.`);
    if (size < 0) return -1;
    return checked(integer.read(bytes, start + headerSize) + base + (countsItself ? 0 : size));
  };
}

function delimiterReader(delimiter: Buffer, headerSize: number, maxFrame: number): ReadLength {
  let searched = 0;
  return (bytes, start, end) => {
    const available = end - start;
    const from = Math.max(headerSize, searched > available ? 0 : searched - delimiter.length + 1);
    const found = bytes.subarray(start, end).indexOf(delimiter, from);
    if (found >= 0) {
      searched = 0;
      return found + delimiter.length;
    }
    if (available >= maxFrame) throw new CodecError('too-large', `No end of the frame within ${maxFrame} bytes.`);
    searched = available;
    return -1;
  };
}

/** The frame's content begins after the header and a length of varying width; -1 when that is not there. */
export function contentStart(
  length: FrameLength,
  headerSize: number,
): (bytes: Buffer, start: number, end: number) => number {
  if (length.form !== 'variable') return (_bytes, start) => start + headerSize;
  const { integer } = length;
  return (bytes, start, end) => {
    const size = integer.size(bytes, start + headerSize, end);
    return size < 0 ? -1 : start + headerSize + size;
  };
}
