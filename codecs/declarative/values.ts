/**
 * What a description's names stand for once compiled. Every closure takes the buffer, the frame's first byte, the end
 * of its content (before a trailer) and the side that sent it (0 the caller, 1 the called), and reads nothing outside
 * of start to end. Where a frame has no such thing, positions are -1, integers 0, texts undefined.
 */
import type { EntryFormat } from './entries.ts';
import type { Integer } from './integers.ts';

export type Evaluate = (bytes: Buffer, start: number, end: number, side: number) => number;
/** An absolute position in the buffer, or -1. */
export type Locate = Evaluate;

export class ByteRange {
  from = 0;
  to = 0;
}

/** Fills in the range; false when the frame has no such bytes. */
export type LocateRange = (bytes: Buffer, start: number, end: number, side: number, range: ByteRange) => boolean;

export interface IntegerValue {
  readonly form: 'integer';
  readonly number: Evaluate;
  readonly present: Evaluate;
  readonly low: Evaluate;
  readonly high: Evaluate;
  /** Whether 64 bits may be needed, which `&` and `|` would cut. */
  readonly wide: boolean;
  readonly signed: boolean;
  readonly at: Locate;
  readonly integer: Integer;
  /** Where the value stands in the fixed header; absent when it does not. */
  readonly offset?: number;
  readonly bits?: { readonly mask: number; readonly shift: number };
}

export interface TextValue {
  readonly form: 'text';
  readonly present: Evaluate;
  readonly range: LocateRange;
  /** Whether hexadecimal is the natural form. */
  readonly binary: boolean;
}

/** Key-value pairs: a section's, or a protobuf map's. The range holds them all. */
export interface MapValue {
  readonly form: 'map';
  readonly present: Evaluate;
  readonly range: LocateRange;
  readonly entries: EntryFormat;
}

/** A part that is only there or not: a protobuf message, a section without decoding. */
interface PresenceValue {
  readonly form: 'presence';
  readonly present: Evaluate;
}

export type Value = IntegerValue | TextValue | MapValue | PresenceValue;

/** By name: fields by their own, what sections hold as `<section>.<name>`, pairs by the section's name. */
export type Values = Map<string, Value>;

/** An integer in the fixed header. */
export function headerInteger(integer: Integer, offset: number, bits?: IntegerValue['bits']): IntegerValue {
  const { read, low, high } = integer;
  const raw: Evaluate = (bytes, start) => read(bytes, start + offset);
  return {
    form: 'integer',
    number: bits === undefined ? raw : masked(raw, bits),
    present: () => 1,
    low: (bytes, start) => low(bytes, start + offset),
    high: (bytes, start) => high(bytes, start + offset),
    wide: integer.width === 8,
    signed: integer.signed,
    at: (_bytes, start) => start + offset,
    integer,
    offset,
    ...(bits === undefined ? {} : { bits }),
  };
}

/** An integer wherever `at` finds it; `at` must give -1 when the integer does not end within the frame. */
export function locatedInteger(integer: Integer, at: Locate, bits?: IntegerValue['bits']): IntegerValue {
  const via =
    (read: (bytes: Buffer, at: number) => number): Evaluate =>
    (bytes, start, end, side) => {
      const position = at(bytes, start, end, side);
      return position < 0 ? 0 : read(bytes, position);
    };
  const raw = via(integer.read);
  return {
    form: 'integer',
    number: bits === undefined ? raw : masked(raw, bits),
    present: (bytes, start, end, side) => (at(bytes, start, end, side) < 0 ? 0 : 1),
    low: via(integer.low),
    high: via(integer.high),
    wide: integer.width === 8 || integer.width === 0,
    signed: integer.signed,
    at,
    integer,
    ...(bits === undefined ? {} : { bits }),
  };
}

function masked(raw: Evaluate, { mask, shift }: { readonly mask: number; readonly shift: number }): Evaluate {
  return (bytes, start, end, side) => (raw(bytes, start, end, side) & mask) >>> shift;
}

export function locatedText(range: LocateRange, binary: boolean): TextValue {
  return { form: 'text', present: presenceOf(range), range, binary };
}

export function presenceOf(range: LocateRange): Evaluate {
  const scratch = new ByteRange();
  return (bytes, start, end, side) => (range(bytes, start, end, side, scratch) ? 1 : 0);
}
