/** Named values at a place of their own: in the fixed header, or one after another behind it. */
import type { DocumentNode } from './document.ts';
import type { Framing } from './framing.ts';
import type { Integer } from './integers.ts';
import type { Limits } from './limits.ts';
import { stringForm } from './strings.ts';
import { readWireType, type WireType } from './types.ts';
import {
  type ByteRange,
  headerInteger,
  type IntegerValue,
  type Locate,
  locatedInteger,
  locatedText,
  type TextValue,
} from './values.ts';

type Bits = NonNullable<IntegerValue['bits']>;

export function readHeaderField(node: DocumentNode, framing: Framing): IntegerValue | TextValue {
  const { type, bits } = readType(node, framing);
  const offset = node.child('offset').integer(0, framing.headerSize);
  const size = widthOf(type);
  if (size === 0) {
    node.problem(
      'A type of varying width cannot stand inside the fixed header.',
      `End the header before it (frame.header.size: ${offset}), or use a type of fixed width.`,
    );
  } else if (offset + size > framing.headerSize) {
    node.problem(`The header is ${framing.headerSize} bytes long and does not cover it.`, 'Enlarge frame.header.size.');
  }
  if (type.form === 'integer' || type.form === 'bits') return headerInteger(type.integer, offset, bits);
  const range = (_bytes: Buffer, start: number, _end: number, _side: number, found: ByteRange): boolean => {
    found.from = start + offset;
    found.to = start + offset + size;
    return true;
  };
  return locatedText(range, true);
}

export interface PlacedField {
  readonly value: IntegerValue | TextValue;
  /** Where the next thing begins; -1 when this one does not end within the frame. */
  readonly end: Locate;
}

export function readPlacedField(node: DocumentNode, framing: Framing, limits: Limits, after: Locate): PlacedField {
  const { type, bits } = readType(node, framing);
  switch (type.form) {
    case 'integer':
    case 'bits':
      return placedInteger(type.integer, after, bits);
    case 'bytes':
      return placedText(
        (at, end) => (at + type.size <= end ? at : -1),
        (_bytes, begin) => begin + type.size,
        0,
        after,
        true,
      );
    case 'string':
    case 'cstring': {
      const form = stringForm(type);
      // A text longer than a header may be is no property, and is not worth looking for its end.
      const within = (at: number, end: number): number => Math.min(end, at + limits.maxHeader);
      return {
        ...placedText(
          (at, end, bytes) => form.begin(bytes, at, within(at, end)),
          (bytes, begin, at, end) => form.finish(bytes, begin, at, within(at, end)),
          form.tail,
          after,
          false,
        ),
      };
    }
  }
}

function placedInteger(integer: Integer, after: Locate, bits: Bits | undefined): PlacedField {
  const at: Locate = (bytes, start, end, side) => {
    const begin = after(bytes, start, end, side);
    return begin >= 0 && integer.size(bytes, begin, end) > 0 ? begin : -1;
  };
  const next: Locate = (bytes, start, end, side) => {
    const begin = after(bytes, start, end, side);
    const size = begin < 0 ? -1 : integer.size(bytes, begin, end);
    return size > 0 ? begin + size : -1;
  };
  return { value: locatedInteger(integer, at, bits), end: next };
}

function placedText(
  begin: (at: number, end: number, bytes: Buffer) => number,
  finish: (bytes: Buffer, begin: number, at: number, end: number) => number,
  tail: number,
  after: Locate,
  binary: boolean,
): PlacedField {
  const range = (bytes: Buffer, start: number, end: number, side: number, found: ByteRange): boolean => {
    const at = after(bytes, start, end, side);
    if (at < 0) return false;
    found.from = begin(at, end, bytes);
    if (found.from < 0) return false;
    found.to = finish(bytes, found.from, at, end);
    return found.to >= 0;
  };
  const next: Locate = (bytes, start, end, side) => {
    const at = after(bytes, start, end, side);
    const from = at < 0 ? -1 : begin(at, end, bytes);
    const to = from < 0 ? -1 : finish(bytes, from, at, end);
    return to < 0 ? -1 : to + tail;
  };
  return { value: locatedText(range, binary), end: next };
}

function readType(node: DocumentNode, framing: Framing): { readonly type: WireType; readonly bits: Bits | undefined } {
  const part = node.members('offset', 'after', 'type', 'endian', 'mask', 'shift');
  const type = readWireType(part('type'), part('endian').choice(['big', 'little'], framing.endian));
  if (type.form === 'bits') return { type, bits: { mask: type.mask, shift: type.shift } };
  if (part('mask').absent) return { type, bits: undefined };
  const mask = part('mask').integer(1, 0xffff_ffff);
  if (type.form !== 'integer' || type.integer.width > 4) {
    part('mask').problem('Only integers of up to 32 bits have a mask.', 'Leave the mask out.');
  }
  return { type, bits: { mask, shift: part('shift').integer(0, 31, Math.clz32(mask & -mask) ^ 31) } };
}

function widthOf(type: WireType): number {
  if (type.form === 'integer' || type.form === 'bits') return type.integer.width;
  return type.form === 'bytes' ? type.size : 0;
}
