/** TApplicationException in the caller's own transport and protocol. */
import { ReplyReason } from '../codec.ts';
import { Protocol, Transport } from './flavour.ts';
import { headerFrame, idHighOf } from './header-transport.ts';
import { MessageType } from './message.ts';
import { varintBytes, varintString } from './varint.ts';

/** TApplicationException's types: a request that no route takes is for a method nobody has here; the rest is internal. */
const exceptionTypes: Readonly<Record<ReplyReason, number>> = {
  [ReplyReason.routeNotFound]: 1,
  [ReplyReason.clusterNotFound]: 6,
  [ReplyReason.noHealthyUpstream]: 6,
  [ReplyReason.badResponse]: 6,
  [ReplyReason.unspecified]: 6,
  [ReplyReason.overLimit]: 6,
  [ReplyReason.timeout]: 6,
};
const maxMessage = 1024;

export interface Question {
  readonly transport: Transport;
  readonly protocol: Protocol;
  /** The request's head, and where it starts: THeader's flags are taken from it. */
  readonly head: Buffer;
  readonly start: number;
  /** Bytes of the method's name, without that of a service before it. */
  readonly name: Buffer;
  readonly idHigh: number;
  readonly idLow: number;
}

export function exceptionReply(question: Question, reason: ReplyReason, message: string): Buffer {
  const text = message.replace(/\p{Cc}+/gu, ' ').slice(0, maxMessage);
  const isCompact = question.protocol === Protocol.compact;
  const body = isCompact
    ? compactException(text, exceptionTypes[reason])
    : binaryException(text, exceptionTypes[reason]);
  const reply = Buffer.concat([isCompact ? compactHead(question) : binaryHead(question), body]);
  if (question.transport === Transport.unframed) return reply;
  if (question.transport === Transport.header) {
    const { head, start, idHigh, idLow, protocol } = question;
    return headerFrame(head, start, idHighOf(idHigh, idLow), protocol, reply);
  }
  const length = Buffer.alloc(4);
  length.writeUInt32BE(reply.length);
  return Buffer.concat([length, reply]);
}

function binaryHead({ protocol, name, idLow }: Question): Buffer {
  const isStrict = protocol === Protocol.strict;
  const parts = isStrict ? [u32(0x8001_0000 + MessageType.exception)] : [];
  parts.push(u32(name.length), name);
  if (!isStrict) parts.push(Buffer.from([MessageType.exception]));
  parts.push(u32(idLow));
  return Buffer.concat(parts);
}

function compactHead({ name, idLow }: Question): Buffer {
  const head = [0x82, (MessageType.exception << 5) | 1, ...varintBytes(idLow), ...varintBytes(name.length)];
  return Buffer.concat([Buffer.from(head), name]);
}

/** Field 1 is a string, field 2 an i32. */
function binaryException(text: string, type: number): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([
    Buffer.from([0x0b, 0, 1]),
    u32(body.length),
    body,
    Buffer.from([0x08, 0, 2]),
    u32(type),
    Buffer.from([0]),
  ]);
}

function compactException(text: string, type: number): Buffer {
  const zigzag = 2 * type;
  return Buffer.concat([Buffer.from([0x18]), varintString(text), Buffer.from([0x15, ...varintBytes(zigzag), 0])]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
