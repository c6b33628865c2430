import { attachmentMap, callBody, dubboFrame } from '../../codecs/dubbo/dubbo-frames.ts';
import { text } from '../../codecs/dubbo/hessian-writer.ts';

/** Frames of equal size for the proxy's benches: what a client sends, and how a server turns a request into its reply. */

export type BenchProtocol = 'thrift' | 'awesomerpc' | 'dubbo';

const PAYLOAD = 100;

/** `count` requests with ids 1, 2, ... in one buffer. */
export function requestFrames(protocol: BenchProtocol, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => request(protocol, index + 1)));
}

export function frameBytes(protocol: BenchProtocol): number {
  return request(protocol, 1).length;
}

function request(protocol: BenchProtocol, id: number): Buffer {
  return makers[protocol](id);
}

const makers: Readonly<Record<BenchProtocol, (id: number) => Buffer>> = {
  thrift: thriftCall,
  awesomerpc: awesomerpcPacket,
  dubbo: dubboCall,
};

export const dubboInterface = 'org.example.parcels.api.EchoService';

/** `echo(String)` in Hessian 2, with the attachments of a usual consumer. */
function dubboCall(id: number): Buffer {
  const attachments = attachmentMap({
    path: dubboInterface,
    interface: dubboInterface,
    version: '0.0.0',
    timeout: '1000',
    'remote.application': 'parcels-console',
  });
  const body = callBody({
    interface: dubboInterface,
    method: 'echo',
    descriptor: 'Ljava/lang/String;',
    arguments: [text('x'.repeat(PAYLOAD))],
    attachments,
  });
  return dubboFrame({ flags: 0xc2, id: BigInt(id), body });
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

/** A result, whose value is all that is left of the request's body as one byte array. */
function dubboEdits(): readonly (readonly [number, number])[] {
  const rest = dubboCall(1).length - 20;
  return [
    [2, 0x02],
    [3, 20],
    [16, 0x91],
    [17, 0x42],
    [18, rest >> 8],
    [19, rest & 0xff],
  ];
}

/** Offset and value of the bytes that differ between a request and its reply. */
export const replyEdits: Readonly<Record<BenchProtocol, readonly (readonly [offset: number, value: number])[]>> = {
  thrift: [
    [7, 2],
    [22, 0],
  ],
  awesomerpc: [],
  dubbo: dubboEdits(),
};
