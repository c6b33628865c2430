/**
 * What replies are written from, one piece after another: constants, the request's id, the reason, the message, texts
 * and integers of the request.
 */
import { CodecError, ReplyReason } from '../codec.ts';
import type { DocumentNode } from './document.ts';
import type { Endian, Integer } from './integers.ts';
import { encodeBytesField, encodeTag } from './protobuf.ts';
import { largestFieldNumber, protobufIntegers } from './protobuf-schema.ts';
import { cutText, stringForm } from './strings.ts';
import { readWireType } from './types.ts';
import { ByteRange, type Values } from './values.ts';

export interface ReplyInput {
  /** The request, at least as far as the template reads it. */
  readonly head: Buffer;
  readonly start: number;
  readonly idHigh: number;
  readonly idLow: number;
  readonly reason: ReplyReason;
  /** Printable UTF-8. */
  readonly message: Buffer;
}

/** Throws CodecError when a value does not fit. */
export type Piece = (input: ReplyInput) => Buffer;

export interface PieceScope {
  readonly values: Values;
  readonly endian: Endian;
  /** Told of every name that a template reads from the request. */
  readonly uses: (name: string) => void;
}

const maxPieces = 32;
const maxDepth = 8;
const maxText = 512;

export function readPieces(node: DocumentNode, scope: PieceScope): Piece {
  return joined(node.items(maxPieces).map((item) => readPiece(item, scope)));
}

function joined(pieces: readonly Piece[]): Piece {
  return (input) => Buffer.concat(pieces.map((piece) => piece(input)));
}

function readPiece(node: DocumentNode, scope: PieceScope): Piece {
  const part = node.members('bytes', 'text', 'type', 'endian', 'value', 'from', 'protobuf');
  if (!part('bytes').absent) return constant(part('bytes').bytes());
  if (!part('protobuf').absent) return readMessage(part('protobuf'), scope, 0);
  if (!part('text').absent) return constant(Buffer.from(part('text').text()));
  if (part('type').value === 'text') return textSource(part('value'), part('from'), scope);
  const type = readWireType(part('type'), part('endian').choice(['big', 'little'], scope.endian));
  if (type.form === 'integer') return integerPiece(type.integer, part('value'), part('from'), scope);
  if (type.form === 'string' || type.form === 'cstring') {
    const form = stringForm(type);
    const text = textSource(part('value'), part('from'), scope);
    return (input) => form.encode(cutText(text(input), form.maxContent));
  }
  part('type').problem(
    'A reply is written from integers, strings and bytes.',
    'Use an integer or string type, or text.',
  );
  return constant(Buffer.alloc(0));
}

/** Fields of a protobuf message: `[{ field: 1, type: int64, value: 5 }, { field: 2, message: [...] }]`. */
function readMessage(node: DocumentNode, scope: PieceScope, depth: number): Piece {
  if (depth > maxDepth) node.problem(`Messages are nested deeper than ${maxDepth}.`, 'Flatten them.');
  const fields = depth > maxDepth ? [] : node.items(maxPieces);
  return joined(
    fields.map((field): Piece => {
      const part = field.members('field', 'type', 'value', 'from', 'message');
      const number = part('field').integer(1, largestFieldNumber);
      if (!part('message').absent) {
        const inner = readMessage(part('message'), scope, depth + 1);
        return (input) => encodeBytesField(number, inner(input));
      }
      const type = part('type').choice(['string', ...protobufIntegers.keys()], 'string');
      const integer = protobufIntegers.get(type);
      if (integer !== undefined) {
        const value = integerPiece(integer.integer, part('value'), part('from'), scope);
        const tag = encodeTag(number, integer.wire);
        return (input) => Buffer.concat([tag, value(input)]);
      }
      const text = textSource(part('value'), part('from'), scope);
      return (input) => encodeBytesField(number, text(input));
    }),
  );
}

function constant(bytes: Buffer): Piece {
  return () => bytes;
}

function integerPiece(integer: Integer, value: DocumentNode, from: DocumentNode, scope: PieceScope): Piece {
  if (from.absent) {
    const choose = readReasoned(value, integer);
    return ({ reason }) => integer.encode(choose(reason));
  }
  const name = from.text();
  if (name === 'requestId') return ({ idHigh, idLow }) => integer.encodeHalves(idHigh, idLow);
  const source = scope.values.get(name);
  if (source?.form !== 'integer') {
    from.problem(`"${name}" is no integer of the request.`, 'Use requestId, or the name of an integer field.');
    return constant(Buffer.alloc(0));
  }
  scope.uses(name);
  return ({ head, start }) => integer.encode(source.number(head, start, head.length, 0));
}

function textSource(value: DocumentNode, from: DocumentNode, scope: PieceScope): Piece {
  if (from.absent) return constant(Buffer.from(value.text(undefined, maxText)));
  const name = from.text();
  if (name === 'message') return ({ message }) => message;
  const source = scope.values.get(name);
  if (source?.form !== 'text') {
    from.problem(`"${name}" is no text of the request.`, 'Use message, or the name of a string or bytes field.');
    return constant(Buffer.alloc(0));
  }
  scope.uses(name);
  const range = new ByteRange();
  return ({ head, start }) =>
    source.range(head, start, head.length, 0, range) ? head.subarray(range.from, range.to) : Buffer.alloc(0);
}

/** A number, or one for each reason: `{ RouteNotFound: 1, default: 2 }`. */
export function readReasoned(node: DocumentNode, integer: Integer): (reason: ReplyReason) => number {
  const min = integer.signed ? -Number.MAX_SAFE_INTEGER : 0;
  if (typeof node.value !== 'object' || node.value === null) {
    const value = node.integer(min, integer.max);
    return () => value;
  }
  const byReason = new Map<number, number>();
  let fallback: number | undefined;
  const names = Object.entries(ReplyReason);
  for (const [name, value] of node.entries(names.length + 1)) {
    const found = names.find(([known]) => known.toLowerCase() === name.toLowerCase());
    const number = value.integer(min, integer.max);
    if (found !== undefined) byReason.set(found[1], number);
    else if (name === 'default') fallback = number;
    else value.problem(`"${name}" is no reason.`, `Use ${names.map(([known]) => known).join(', ')} or default.`);
  }
  // Descriptions older than this reason have none for it.
  if (!byReason.has(ReplyReason.timeout)) {
    const unspecified = byReason.get(ReplyReason.unspecified);
    if (unspecified !== undefined) byReason.set(ReplyReason.timeout, unspecified);
  }
  if (fallback === undefined && byReason.size < names.length) {
    node.problem('Some reasons have no value.', 'Add default.');
  }
  return (reason) => byReason.get(reason) ?? fallback ?? 0;
}

const longestMessage = 1024;

/** Control characters become blanks, so that a message cannot end a line or a string early. */
export function printable(message: string): Buffer {
  let text = '';
  for (const character of message.slice(0, longestMessage)) {
    const code = character.codePointAt(0) ?? 0;
    text += code < 0x20 || code === 0x7f ? ' ' : character;
  }
  return cutText(Buffer.from(text), longestMessage);
}

/** Runs a template; undefined where a value does not fit, because then nothing can be answered. */
export function attempt(write: () => Buffer): Buffer | undefined {
  try {
    return write();
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}
