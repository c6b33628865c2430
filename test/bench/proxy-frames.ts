/** Frames of equal size for the proxy's benches: what a client sends, and how a server turns a request into its reply. */

export type BenchProtocol = 'thrift' | 'awesomerpc';

const PAYLOAD = 100;

/** `count` requests with ids 1, 2, ... in one buffer. */
export function requestFrames(protocol: BenchProtocol, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => request(protocol, index + 1)));
}

export function frameBytes(protocol: BenchProtocol): number {
  return request(protocol, 1).length;
}

function request(protocol: BenchProtocol, id: number): Buffer {
  return protocol === 'thrift' ? thriftCall(id) : awesomerpcPacket(id);
}

/** Framed, strict binary: `echo(1: string)`. */
function thriftCall(id: number): Buffer {
  const name = Buffer.from('echo');
  const bytes = Buffer.alloc(4 + 8 + name.length + 4 + 3 + 4 + PAYLOAD + 1, 'x');
  let at = bytes.writeUInt32BE(bytes.length - 4, 0);
  at = bytes.writeUInt32BE(0x80010001, at);
  at = bytes.writeUInt32BE(name.length, at);
  at += name.copy(bytes, at);
  at = bytes.writeUInt32BE(id, at);
  at = bytes.writeUInt8(11, at);
  at = bytes.writeUInt16BE(1, at);
  bytes.writeUInt32BE(PAYLOAD, at);
  bytes[bytes.length - 1] = 0;
  return bytes;
}

function awesomerpcPacket(id: number): Buffer {
  const bytes = Buffer.alloc(13 + PAYLOAD, 'x');
  bytes[0] = 1;
  bytes.writeUInt32BE(id, 1);
  bytes.writeUInt32BE(bytes.length, 5);
  bytes.writeInt16BE(1, 9);
  bytes.writeInt16BE(0, 11);
  return bytes;
}

/** Offset and value of the bytes that differ between a request and its reply. */
export const replyEdits: Readonly<Record<BenchProtocol, readonly (readonly [offset: number, value: number])[]>> = {
  thrift: [
    [7, 2],
    [22, 0],
  ],
  awesomerpc: [],
};
