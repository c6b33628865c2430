/**
 * awesomerpc, the demo private RPC of MetaProtocol, by hand. awesomerpc.yaml beside it describes the same protocol
 * without code, and the tests hold the two against each other.
 *
 *   0 version i8 | 1 request id u32 | 5 length of the whole packet u32 | 9 command i16 | 11 response code i16 | 13 body
 *
 * All big-endian. There is no direction bit: which side sent a packet says whether it is a request. The reference
 * decoder reads the length as u16 and stops after 11 bytes; the 13-byte layout its encoder writes is the only
 * self-consistent one.
 */
import { type Codec, type CodecLimits, type Decoder, type Direction, defaultLimits, type Frame } from '../codec.ts';
import { isWhole, setKindBySide } from '../length-prefixed.ts';

const headerBytes = 13;
const idOffset = 1;
const lengthOffset = 5;
const commandOffset = 9;
const codeOffset = 11;
/** The only error code the protocol knows; it stands for every reason. */
const errorCode = 1;

export const awesomerpc: Codec = {
  name: 'aeraki.meta_protocol.codec.awesomerpc',
  capabilities: { correlation: 'id', sharesConnections: true, mutates: false, heartbeats: false },
  properties: { names: ['cmd'], open: false },
  decoder: (direction: Direction, limits: CodecLimits = defaultLimits): Decoder => ({
    decode: (bytes, start, end, frame) => decode(bytes, start, end, frame, direction, limits),
  }),
  reader: (property) => (property.toLowerCase() === 'cmd' ? command : () => undefined),
  list: (bytes, start) => [['cmd', command(bytes, start)]],
  rewriteId: (bytes, start, _frame, _idHigh, idLow) => {
    bytes.writeUInt32BE(idLow, start + idOffset);
  },
  mutate: (bytes, start, frame) => Buffer.from(bytes.subarray(start, start + frame.length)),
  errorReply: (head, start, _idHigh, idLow) => {
    const reply = Buffer.from(head.subarray(start, start + headerBytes));
    reply.writeUInt32BE(idLow, idOffset);
    reply.writeUInt32BE(headerBytes, lengthOffset);
    reply.writeInt16BE(errorCode, codeOffset);
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
  const length = bytes.readUInt32BE(start + lengthOffset);
  if (!isWhole(length, headerBytes, available, limits, frame)) return false;
  frame.headerLength = headerBytes;
  frame.idHigh = 0;
  frame.idLow = bytes.readUInt32BE(start + idOffset);
  frame.rewritable = true;
  setKindBySide(direction, bytes.readInt16BE(start + codeOffset) !== 0, frame);
  return true;
}

function command(bytes: Buffer, start: number): string {
  return String(bytes.readInt16BE(start + commandOffset));
}
