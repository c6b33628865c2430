/** The request id: read as two 32-bit halves, and rewritten in place where its width is fixed. */
import { type CodecCapabilities, CodecError, type Frame } from '../codec.ts';
import type { DocumentNode } from './document.ts';
import type { Endian, Integer } from './integers.ts';
import { writeHalves } from './integers.ts';
import type { IntegerValue, Locate, Values } from './values.ts';

export interface Identity {
  readonly correlation: CodecCapabilities['correlation'];
  /** Sets the frame's id. Throws CodecError when the frame ends before it. */
  readonly read: (bytes: Buffer, start: number, end: number, side: number, frame: Frame) => void;
  readonly value: IntegerValue | undefined;
  /** Undefined when the id cannot be rewritten in place, or is too narrow for a proxy's own ids. */
  readonly rewrite:
    | ((bytes: Buffer, start: number, end: number, side: number, high: number, low: number) => void)
    | undefined;
}

/** A proxy numbers requests with 32 bits; what is narrower would be used twice at a time. */
const narrowestRewritable = 4;

export function readIdentity(node: DocumentNode, values: Values): Identity {
  const part = node.members('requestId', 'correlation');
  const fallback = part('requestId').absent ? 'none' : 'id';
  const written = part('correlation').choice(['id', 'fifo', 'none'], fallback);
  const correlation = written === 'fifo' ? 'order' : written;
  if (correlation === 'id' && part('requestId').absent) {
    part('requestId').problem('Replies are matched by an id that is not named.', 'Name an integer field.');
  }
  const value = part('requestId').absent ? undefined : requestId(part('requestId'), values);
  return { correlation, value, read: reader(value), rewrite: value === undefined ? undefined : rewriter(value) };
}

function requestId(node: DocumentNode, values: Values): IntegerValue | undefined {
  const name = node.text();
  const value = values.get(name);
  if (value?.form === 'integer' && value.bits === undefined) return value;
  node.problem(
    value === undefined ? `There is no "${name}".` : `"${name}" is no plain integer.`,
    'Name a field of an integer type without a mask.',
  );
  return undefined;
}

function reader(value: IntegerValue | undefined): Identity['read'] {
  if (value === undefined) return noId;
  const { integer, offset } = value;
  if (offset !== undefined) return integer.width === 8 ? wideHeaderId(integer, offset) : headerId(integer.low, offset);
  const { at } = value;
  // An absent protobuf field is 0; any other id belongs to every frame.
  const required = integer.width > 0;
  return (bytes, start, end, side, frame) => {
    const position = at(bytes, start, end, side);
    if (position < 0 && required) throw new CodecError('malformed', 'The frame ends before its request id.');
    frame.idHigh = position < 0 ? 0 : integer.high(bytes, position);
    frame.idLow = position < 0 ? 0 : integer.low(bytes, position);
  };
}

function noId(_bytes: Buffer, _start: number, _end: number, _side: number, frame: Frame): void {
  frame.idHigh = 0;
  frame.idLow = 0;
}

function headerId(low: Integer['low'], offset: number): Identity['read'] {
  return (bytes, start, _end, _side, frame) => {
    frame.idHigh = 0;
    frame.idLow = low(bytes, start + offset);
  };
}

function wideHeaderId({ high, low }: Integer, offset: number): Identity['read'] {
  return (bytes, start, _end, _side, frame) => {
    frame.idHigh = high(bytes, start + offset);
    frame.idLow = low(bytes, start + offset);
  };
}

function rewriter(value: IntegerValue): Identity['rewrite'] {
  const { integer, offset, at } = value;
  if (integer.width < narrowestRewritable) return undefined;
  const endian: Endian = integer.encode(1)[0] === 1 ? 'little' : 'big';
  const place: Locate = offset === undefined ? at : (_bytes, start) => start + offset;
  const write = integer.width === 8 ? writeHalves : writeLow;
  return (bytes, start, end, side, high, low) => {
    const position = place(bytes, start, end, side);
    if (position >= 0) write(bytes, position, endian, high, low);
  };
}

function writeLow(bytes: Buffer, at: number, endian: Endian, _high: number, low: number): void {
  if (endian === 'big') bytes.writeUInt32BE(low, at);
  else bytes.writeUInt32LE(low, at);
}
