/**
 * qza, a protocol with a long fixed header, by hand. qza.yaml beside it describes the same without code, and the tests
 * hold the two against each other.
 *
 *   1 request id u32 | 5 length, lower half u16 | 7 command i16 | 9 response code i16 | 54, 105 length of the extension
 *   | 64 sub-command i16 | 74 user id u32 | 103 length, upper half u16 | 106 extension and body
 *
 * All big-endian; the length counts everything. The reference's error reply forgets the request id, which no client
 * could match; ours is the request's header without extension.
 */
import { type Codec, type CodecLimits, type Direction, defaultLimits, type Frame, ReplyReason } from '../codec.ts';
import { isWhole, setKindBySide } from '../length-prefixed.ts';

const headerBytes = 106;
const at = {
  id: 1,
  lengthLow: 5,
  cmd: 7,
  code: 9,
  extensionHigh: 54,
  subCmd: 64,
  uid: 74,
  lengthHigh: 103,
  extensionLow: 105,
};
const noRoute = 50;
const serverError = 51;

const readers: Readonly<Record<string, (bytes: Buffer, start: number) => string>> = {
  cmd: (bytes, start) => String(bytes.readInt16BE(start + at.cmd)),
  sub_cmd: (bytes, start) => String(bytes.readInt16BE(start + at.subCmd)),
  uid: (bytes, start) => String(bytes.readUInt32BE(start + at.uid)),
};

export const qza: Codec = {
  name: 'aeraki.meta_protocol.codec.qza',
  capabilities: { correlation: 'id', sharesConnections: true, mutates: false, heartbeats: false },
  properties: { names: Object.keys(readers), open: false },
  decoder: (direction, limits = defaultLimits) => ({
    decode: (bytes, start, end, frame) => decode(bytes, start, end, frame, direction, limits),
  }),
  reader: (property) => {
    const name = property.toLowerCase();
    return Object.hasOwn(readers, name) ? (readers[name] ?? (() => undefined)) : () => undefined;
  },
  list: (bytes, start) => Object.entries(readers).map(([name, read]) => [name, read(bytes, start)]),
  rewriteId: (bytes, start, _frame, _idHigh, idLow) => {
    bytes.writeUInt32BE(idLow, start + at.id);
  },
  mutate: (bytes, start, frame) => Buffer.from(bytes.subarray(start, start + frame.length)),
  errorReply: (head, start, _idHigh, idLow, reason) => {
    const reply = Buffer.from(head.subarray(start, start + headerBytes));
    reply.writeUInt32BE(idLow, at.id);
    reply.writeUInt16BE(headerBytes, at.lengthLow);
    reply.writeUInt16BE(0, at.lengthHigh);
    reply.writeInt16BE(reason === ReplyReason.routeNotFound ? noRoute : serverError, at.code);
    reply.writeUInt8(0, at.extensionHigh);
    reply.writeUInt8(0, at.extensionLow);
    return reply;
  },
  heartbeatReply: () => undefined,
};

function decode(
  bytes: Buffer,
  start: number,
  end: number,
  frame: Frame,
  direction: Direction,
  limits: CodecLimits,
): boolean {
  const available = end - start;
  frame.needed = 0;
  if (available < headerBytes) return false;
  const length = bytes.readUInt16BE(start + at.lengthHigh) * 0x10000 + bytes.readUInt16BE(start + at.lengthLow);
  if (!isWhole(length, headerBytes, available, limits, frame)) return false;
  frame.headerLength = headerBytes;
  frame.idHigh = 0;
  frame.idLow = bytes.readUInt32BE(start + at.id);
  frame.rewritable = true;
  setKindBySide(direction, bytes.readInt16BE(start + at.code) !== 0, frame);
  return true;
}
