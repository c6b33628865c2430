/**
 * awesomerpc on the wire, big endian:
 *
 *   0 version i8 | 1 request id u32 | 5 length of the whole packet u32 | 9 command i16 | 11 response code i16 | 13 body
 */
import type { Socket } from 'node:net';

const HEADER_BYTES = 13;
const VERSION = 1;
const MAX_PACKET_BYTES = 1024 * 1024;

export interface Packet {
  /** Chosen by the caller; the reply carries the same. */
  readonly id: number;
  readonly command: number;
  /** 0 in requests and in good replies. */
  readonly code: number;
  readonly body: string;
}

export function encodePacket(packet: Packet): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + Buffer.byteLength(packet.body));
  bytes.writeInt8(VERSION, 0);
  bytes.writeUInt32BE(packet.id, 1);
  bytes.writeUInt32BE(bytes.length, 5);
  bytes.writeInt16BE(packet.command, 9);
  bytes.writeInt16BE(packet.code, 11);
  bytes.write(packet.body, HEADER_BYTES);
  return bytes;
}

/** Calls `receive` for each packet, however the bytes were split. Closes the socket when they are no packets. */
export function readPackets(socket: Socket, receive: (packet: Packet) => void): void {
  let kept: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const bytes = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(at + 5);
      if (length < HEADER_BYTES || length > MAX_PACKET_BYTES) {
        socket.destroy(new Error(`a packet cannot have ${length} bytes`));
        return;
      }
      if (bytes.length - at < length) break;
      receive(decodePacket(bytes.subarray(at, at + length)));
      at += length;
    }
    kept = bytes.subarray(at);
  });
}

function decodePacket(bytes: Buffer): Packet {
  return {
    id: bytes.readUInt32BE(1),
    command: bytes.readInt16BE(9),
    code: bytes.readInt16BE(11),
    body: bytes.toString('utf8', HEADER_BYTES),
  };
}
