/**
 * A protocol whose frames carry key-value headers, by hand: the shape of many private RPC protocols. kv-header.yaml
 * beside it describes the same without code, and the tests hold the two against each other.
 *
 *   0 "KV" | 2 version 1 | 3 flags: 80 response, 40 heartbeat, 20 oneway | 4 request id u32 | 8 length of headers u16
 *   | 10 code u16, 0 is ok | 12 length of body u32 | 16 headers: count u16, then pairs of strings with u16 lengths | body
 */
import {
  type Codec,
  CodecError,
  type CodecLimits,
  type Direction,
  defaultLimits,
  type Frame,
  FrameKind,
  ReplyReason,
  Status,
} from '../codec.ts';
import { isWhole } from '../length-prefixed.ts';
import { findHeader, headerMatcher, headersOf, setHeaders } from './headers.ts';

const fixedBytes = 16;
const magic = [0x4b, 0x56, 0x01];
const at = { flags: 3, id: 4, headersLength: 8, code: 10, bodyLength: 12 };
const flag = { response: 0x80, heartbeat: 0x40, oneway: 0x20 };
const maxMessage = 1024;
const codes: Readonly<Partial<Record<ReplyReason, number>>> = {
  [ReplyReason.routeNotFound]: 1,
  [ReplyReason.noHealthyUpstream]: 2,
  [ReplyReason.overLimit]: 3,
};
const otherCode = 4;

export const kvHeader: Codec = {
  name: 'kv-header',
  capabilities: { correlation: 'id', sharesConnections: true, mutates: true, heartbeats: true },
  properties: { names: [], open: true },
  decoder: (_direction: Direction, limits = defaultLimits) => ({
    decode: (bytes, start, end, frame) => decode(bytes, start, end, frame, limits),
  }),
  reader: (property) => {
    const matches = headerMatcher(property);
    return (bytes, start) => findHeader(bytes, headersStart(start), headersEnd(bytes, start), matches);
  },
  list: (bytes, start) => headersOf(bytes, headersStart(start), headersEnd(bytes, start)),
  rewriteId: (bytes, start, _frame, _idHigh, idLow) => {
    bytes.writeUInt32BE(idLow, start + at.id);
  },
  mutate: (bytes, start, frame, mutation) => {
    if (mutation.length === 0) return Buffer.from(bytes.subarray(start, start + frame.length));
    const headers = setHeaders(bytes, headersStart(start), headersEnd(bytes, start), mutation);
    if (headers.length > 0xffff) throw new CodecError('too-large', `The headers would take ${headers.length} bytes.`);
    const fixed = Buffer.from(bytes.subarray(start, start + fixedBytes));
    fixed.writeUInt16BE(headers.length, at.headersLength);
    return Buffer.concat([fixed, headers, bytes.subarray(headersEnd(bytes, start), start + frame.length)]);
  },
  errorReply: (head, start, _idHigh, idLow, reason, message) => {
    const keep = ~(flag.oneway | flag.heartbeat);
    return reply(head, start, idLow, keep, codes[reason] ?? otherCode, printable(message));
  },
  heartbeatReply: (bytes, start, frame) => {
    const isAnswer = ((bytes[start + at.flags] ?? 0) & flag.response) !== 0;
    if (frame.kind !== FrameKind.heartbeat || isAnswer) return undefined;
    return reply(bytes, start, frame.idLow, 0xff, bytes.readUInt16BE(start + at.code), Buffer.alloc(0));
  },
};

function decode(bytes: Buffer, start: number, end: number, frame: Frame, limits: CodecLimits): boolean {
  const available = end - start;
  frame.needed = 0;
  for (let index = 0; index < Math.min(available, magic.length); index++) {
    if (bytes[start + index] !== magic[index]) throw new CodecError('malformed', 'The frame does not begin with KV 1.');
  }
  if (available < fixedBytes) return false;
  const headersLength = bytes.readUInt16BE(start + at.headersLength);
  const length = fixedBytes + headersLength + bytes.readUInt32BE(start + at.bodyLength);
  if (!isWhole(length, fixedBytes, available, limits, frame)) return false;
  if (fixedBytes + headersLength > limits.maxHeaderBytes) {
    throw new CodecError('too-large', `The headers take ${headersLength} bytes.`);
  }
  frame.headerLength = fixedBytes;
  frame.idHigh = 0;
  frame.idLow = bytes.readUInt32BE(start + at.id);
  frame.rewritable = true;
  const kind = kindOf(bytes[start + at.flags] ?? 0);
  const failed = kind === FrameKind.response && bytes.readUInt16BE(start + at.code) !== 0;
  frame.kind = failed ? FrameKind.error : kind;
  frame.status = failed ? Status.error : Status.ok;
  return true;
}

function kindOf(flags: number): FrameKind {
  if ((flags & flag.heartbeat) !== 0) return FrameKind.heartbeat;
  if ((flags & flag.response) !== 0) return FrameKind.response;
  return (flags & flag.oneway) !== 0 ? FrameKind.oneway : FrameKind.request;
}

function headersStart(start: number): number {
  return start + fixedBytes;
}

function headersEnd(bytes: Buffer, start: number): number {
  return start + fixedBytes + bytes.readUInt16BE(start + at.headersLength);
}

/** A response with the request's fixed part, no headers, and the text as its body. */
function reply(head: Buffer, start: number, idLow: number, keepFlags: number, code: number, body: Buffer): Buffer {
  const noHeaders = Buffer.alloc(2);
  const fixed = Buffer.from(head.subarray(start, start + fixedBytes));
  fixed.writeUInt8(((fixed[at.flags] ?? 0) & keepFlags & 0xff) | flag.response, at.flags);
  fixed.writeUInt32BE(idLow, at.id);
  fixed.writeUInt16BE(noHeaders.length, at.headersLength);
  fixed.writeUInt16BE(code, at.code);
  fixed.writeUInt32BE(body.length, at.bodyLength);
  return Buffer.concat([fixed, noHeaders, body]);
}

/** At most so many bytes, whole characters, without control characters. */
function printable(message: string): Buffer {
  let body = '';
  for (const character of message) {
    const next = body + (/\p{Cc}/u.test(character) ? ' ' : character);
    if (Buffer.byteLength(next) > maxMessage) break;
    body = next;
  }
  return Buffer.from(body);
}
