/**
 * The ways in which Thrift messages are wrapped. A connection settles on one with its first bytes.
 *
 *   first bytes                      transport   protocol
 *   80 01                            unframed    binary, strict
 *   82                               unframed    compact
 *   length, 80 01                    framed      binary, strict
 *   length, 82                       framed      compact
 *   length, anything else            framed      binary, lax: the message begins with its name
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

/** The largest length that Thrift's own libraries take for a frame. */
export const maxThriftFrame = 0x3fff_ffff;

/** Undefined while there are too few bytes to tell. Throws CodecError for what begins no message. */
export function detectTransport(bytes: Buffer, start: number, end: number): Transport | undefined {
  const first = bytes[start];
  if (first === undefined) return undefined;
  if (first === 0x80 || first === 0x82) return detectUnframed(bytes, start, end);
  if (first > 0x3f) throw new CodecError('malformed', 'The bytes begin no Thrift message.');
  if (end - start < tellingBytes) return undefined;
  return bytes.readUInt16BE(start + 4) === 0x0fff ? Transport.header : Transport.framed;
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
