/** parcel on the wire, as a service that exists already would have it; manifests/codec.yaml describes the same. */
import type { Socket } from 'node:net';

const HEADER_BYTES = 13;
export const Flag = { reply: 0x01, error: 0x02, oneway: 0x04 } as const;

export interface Parcel {
  readonly flags: number;
  readonly id: number;
  /** Text pairs of up to 255 bytes each, as they stand on the wire. */
  readonly labels: Buffer;
  readonly body: Buffer;
}

export function encodeParcel({ flags, id, labels, body }: Parcel): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('PQ');
  header.writeUInt8(flags, 2);
  header.writeUInt32BE(id, 3);
  header.writeUInt16BE(labels.length, 7);
  header.writeUInt32BE(body.length, 9);
  return Buffer.concat([header, labels, body]);
}

export function encodeLabel(key: string, value: string): Buffer {
  return Buffer.concat([key, value].flatMap((text) => [Buffer.of(Buffer.byteLength(text)), Buffer.from(text)]));
}

/** Calls `receive` for each whole parcel, however the bytes were split. */
export function readParcels(socket: Socket, receive: (parcel: Parcel) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= HEADER_BYTES) {
      const bodyStart = HEADER_BYTES + bytes.readUInt16BE(7);
      const end = bodyStart + bytes.readUInt32BE(9);
      if (bytes.length < end) return;
      receive({
        flags: bytes.readUInt8(2),
        id: bytes.readUInt32BE(3),
        labels: bytes.subarray(HEADER_BYTES, bodyStart),
        body: bytes.subarray(bodyStart, end),
      });
      bytes = bytes.subarray(end);
    }
  });
}
