/**
 * Sets attachments: entries that are there are replaced where they stand, others are added at the end of the map, and a
 * map is written where there is none; all other bytes stay. Only values that stand in no table are taken out, since others
 * would change what later numbers refer to: such a key is added once more, and Java takes the last.
 */
import { CodecError, type Frame, type Mutation } from '../codec.ts';
import { AttachmentCursor } from './attachments.ts';
import { isReadable, isRequest, typeWithAttachments } from './body.ts';
import { at, headerBytes } from './header.ts';
import { isPlain, opcode } from './hessian-opcodes.ts';
import { readString, writeString } from './hessian-strings.ts';
import { HessianWalker } from './hessian-walker.ts';

const cursor = new AttachmentCursor();
const walker = new HessianWalker();
const mapHead = Buffer.from([opcode.map]);
const mapEnd = Buffer.from([opcode.end]);

/** Whether a frame has a place for attachments: heartbeats, errors and other serializations have none. */
export function canMutate(frame: Frame): boolean {
  return isReadable(frame);
}

/** Throws CodecError where the body is malformed, or its attachments are an object that the arguments hold too. */
export function mutate(bytes: Buffer, start: number, frame: Frame, mutation: Mutation): Buffer {
  const end = start + frame.length;
  if (mutation.length === 0 || !canMutate(frame)) return Buffer.from(bytes.subarray(start, end));
  if (!cursor.seek(bytes, start, frame)) throw new CodecError('malformed', 'The body cannot be read.');
  const values = new Map(mutation.map(({ key, value }) => [key, value]));
  const bodyAt = start + headerBytes;
  const head = headBytes(bytes, start, frame);
  const placeAt = cursor.at;
  const pieces = [...head.pieces, bytes.subarray(bodyAt + head.replaced, placeAt)];
  if (cursor.code === -1) pieces.push(...newMap(values));
  else if (cursor.code === opcode.null) pieces.push(...newMap(values), bytes.subarray(placeAt + 1, end));
  else pieces.push(...changedMap(bytes, placeAt, end, values));
  return framed(pieces);
}

/** The header; and the type of a result, which has to say that attachments follow. */
function headBytes(bytes: Buffer, start: number, frame: Frame) {
  const header = bytes.subarray(start, start + headerBytes);
  if (isRequest(frame)) return { pieces: [header], replaced: 0 };
  const { byte, replaced } = typeWithAttachments(walker, bytes, start, frame);
  return { pieces: [header, Buffer.from([byte])], replaced };
}

function newMap(values: ReadonlyMap<string, string>): readonly Buffer[] {
  return [mapHead, ...entries(values), mapEnd];
}

function entries(values: ReadonlyMap<string, string>): readonly Buffer[] {
  return [...values].flatMap(([key, value]) => [writeString(key), writeString(value)]);
}

/** The map at `mapAt` with the values set, and what follows it. */
function changedMap(bytes: Buffer, mapAt: number, end: number, values: ReadonlyMap<string, string>): readonly Buffer[] {
  if (!cursor.enter()) throw new CodecError('unsupported', 'The attachments are no map of their own.');
  const pieces: Buffer[] = [];
  const missing = new Map(values);
  let copied = mapAt;
  while (cursor.next()) {
    const { keyAt, keyEnd, valueAt, valueEnd } = cursor;
    const key = readString(bytes, keyAt, keyEnd);
    const value = key === undefined ? undefined : values.get(key);
    if (key === undefined || value === undefined) continue;
    if (!isPlain(bytes[valueAt] ?? 0)) {
      missing.set(key, value);
      continue;
    }
    pieces.push(bytes.subarray(copied, valueAt), writeString(value));
    copied = valueEnd;
    missing.delete(key);
  }
  if (!cursor.complete) throw new CodecError('malformed', 'The attachments cannot be read.');
  return [...pieces, bytes.subarray(copied, cursor.at), ...entries(missing), bytes.subarray(cursor.at, end)];
}

function framed(pieces: readonly Buffer[]): Buffer {
  const frame = Buffer.concat(pieces);
  frame.writeUInt32BE(frame.length - headerBytes, at.bodyLength);
  return frame;
}
