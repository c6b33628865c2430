/** The head of a Thrift message: type, method name, sequence id. The struct behind it is never read here, but for a peek. */
import { CodecError } from '../codec.ts';
import { Protocol } from './flavour.ts';
import { VarintReader } from './varint.ts';

export const MessageType = { call: 1, reply: 2, exception: 3, oneway: 4 } as const;

/** One object is reused for many messages. Offsets are absolute in the bytes that were read. */
export class MessageHead {
  type = 0;
  nameAt = 0;
  nameLength = 0;
  sequenceId = 0;
  /** Where the sequence id stands, as 32 bits; 0 in compact messages, where it has no fixed width. */
  sequenceAt = 0;
  /** Where the struct begins. */
  bodyAt = 0;
}

const varints = new VarintReader();

/** False: more bytes are needed. Throws CodecError for what is no message head, or one longer than `maxHeaderBytes`. */
export function readMessageHead(
  protocol: Protocol,
  bytes: Buffer,
  at: number,
  end: number,
  maxHeaderBytes: number,
  head: MessageHead,
): boolean {
  if (protocol === Protocol.strict) return readStrict(bytes, at, end, maxHeaderBytes, head);
  if (protocol === Protocol.lax) return readLax(bytes, at, end, maxHeaderBytes, head);
  return readCompact(bytes, at, end, maxHeaderBytes, head);
}

function readStrict(bytes: Buffer, at: number, end: number, maxHeaderBytes: number, head: MessageHead): boolean {
  if (end - at < 8) return false;
  if (bytes.readUInt16BE(at) !== 0x8001) throw new CodecError('malformed', 'The message is of an unknown version.');
  head.type = bytes[at + 3] ?? 0;
  checkType(head.type);
  const nameLength = checkedNameLength(bytes.readUInt32BE(at + 4), maxHeaderBytes);
  const sequenceAt = at + 8 + nameLength;
  if (end - sequenceAt < 4) return false;
  head.nameAt = at + 8;
  head.nameLength = nameLength;
  head.sequenceAt = sequenceAt;
  head.sequenceId = bytes.readUInt32BE(sequenceAt);
  head.bodyAt = sequenceAt + 4;
  return true;
}

function readLax(bytes: Buffer, at: number, end: number, maxHeaderBytes: number, head: MessageHead): boolean {
  if (end - at < 4) return false;
  const nameLength = checkedNameLength(bytes.readUInt32BE(at), maxHeaderBytes);
  const typeAt = at + 4 + nameLength;
  if (end - typeAt < 5) return false;
  head.type = bytes[typeAt] ?? 0;
  checkType(head.type);
  head.nameAt = at + 4;
  head.nameLength = nameLength;
  head.sequenceAt = typeAt + 1;
  head.sequenceId = bytes.readUInt32BE(typeAt + 1);
  head.bodyAt = typeAt + 5;
  return true;
}

function readCompact(bytes: Buffer, at: number, end: number, maxHeaderBytes: number, head: MessageHead): boolean {
  if (end - at < 2) return false;
  const versionAndType = bytes[at + 1] ?? 0;
  if ((versionAndType & 0x1f) !== 1) throw new CodecError('malformed', 'The message is of an unknown version.');
  head.type = versionAndType >> 5;
  checkType(head.type);
  if (!varints.read(bytes, at + 2, end)) return false;
  head.sequenceId = varints.value;
  if (!varints.read(bytes, varints.next, end)) return false;
  const nameLength = checkedNameLength(varints.value, maxHeaderBytes);
  if (end - varints.next < nameLength) return false;
  head.nameAt = varints.next;
  head.nameLength = nameLength;
  head.sequenceAt = 0;
  head.bodyAt = varints.next + nameLength;
  return true;
}

function checkType(type: number): void {
  if (type < MessageType.call || type > MessageType.oneway)
    throw new CodecError('malformed', `The message has the unknown type ${type}.`);
}

function checkedNameLength(length: number, maxHeaderBytes: number): number {
  if (length > maxHeaderBytes) throw new CodecError('too-large', `The method's name says it has ${length} bytes.`);
  return length;
}

/**
 * Whether a result struct says success: its first field is number 0, or it has none (a void method). Any other field is
 * an exception that the method declares.
 */
export function isSuccess(protocol: Protocol, bytes: Buffer, bodyAt: number, end: number): boolean {
  const first = bytes[bodyAt];
  if (bodyAt >= end || first === undefined || first === 0) return true;
  if (protocol === Protocol.compact) {
    const isShortForm = first >> 4 !== 0;
    return !isShortForm && (bodyAt + 1 >= end || bytes[bodyAt + 1] === 0);
  }
  return end - bodyAt < 3 || bytes.readUInt16BE(bodyAt + 1) === 0;
}
