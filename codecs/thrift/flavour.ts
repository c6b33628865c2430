/**
 * The ways in which Thrift messages are wrapped. Each message tells its own, as to Apache's servers: those that take
 * several transports answer each caller in its own, and callers take turns on a connection to them.
 *
 *   first bytes                      transport   protocol
 *   80 01                            unframed    binary, strict
 *   82                               unframed    compact
 *   name's length, 01 to 7f          unframed    binary, lax: a name begins, after its length
 *   length, 80 01                    framed      binary, strict
 *   length, 82                       framed      compact
 *   length, 00                       framed      binary, lax: a name's length begins, below 2^24
 *   length, 0f ff                    header      by the header
 */
import { CodecError } from '../codec.ts';

export const Transport = { framed: 0, unframed: 1, header: 2 } as const;
export type Transport = (typeof Transport)[keyof typeof Transport];

export const Protocol = { strict: 0, lax: 1, compact: 2 } as const;
export type Protocol = (typeof Protocol)[keyof typeof Protocol];

export const transportNames: readonly string[] = ['framed', 'unframed', 'header'];
export const protocolNames: readonly string[] = ['binary', 'binary-lax', 'compact'];

/** Bytes that tell every transport from every other. */
const tellingBytes = 6;

const headerMagic = 0x0fff;

/** The largest length that Thrift's own libraries take for a frame. */
export const maxThriftFrame = 0x3fff_ffff;

/** Undefined while there are too few bytes to tell. Throws CodecError for what begins no message. */
export function detectTransport(bytes: Buffer, start: number, end: number): Transport | undefined {
  if (start >= end) return undefined;
  const first = bytes[start] ?? 0;
  if (first === 0x80 || first === 0x82) return detectUnframed(bytes, start, end);
  if (first > 0x3f) throw new CodecError('malformed', 'The bytes begin no Thrift message.');
  if (end - start < tellingBytes) return undefined;
  if (bytes.readUInt16BE(start + 4) === headerMagic) return Transport.header;
  const fifth = bytes[start + 4] ?? 0;
  return fifth > 0 && fifth < 0x80 ? Transport.unframed : Transport.framed;
}

function detectUnframed(bytes: Buffer, start: number, end: number): Transport | undefined {
  const second = bytes[start + 1];
  if (end - start < 2 || second === undefined) return undefined;
  const isMessage = bytes[start] === 0x80 ? second === 0x01 : (second & 0x1f) === 1;
  if (!isMessage) throw new CodecError('malformed', 'The bytes begin no Thrift message of a known version.');
  return Transport.unframed;
}

/** The protocol of a message that begins at `at`, in a frame that ends at `end`. */
export function detectProtocol(bytes: Buffer, at: number, end: number): Protocol {
  if (at >= end) throw new CodecError('malformed', 'The frame holds no message.');
  const first = bytes[at] ?? 0;
  if (first === 0x82) return Protocol.compact;
  if (first === 0x80) return Protocol.strict;
  if (first > 0x7f) throw new CodecError('malformed', 'The frame holds no Thrift message.');
  return Protocol.lax;
}
