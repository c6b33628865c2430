/**
 * Frames that a proxy writes itself: errors with the status that a Java client makes its exception of, answers to
 * heartbeats in the serialization that asked, and heartbeats. Also: what a server says before it goes.
 */
import { type Frame, FrameKind, ReplyReason } from '../codec.ts';
import { isRequest } from './body.ts';
import { at, flag, headerBytes, isHessian, magic, ResponseStatus, Serialization } from './header.ts';
import { opcode } from './hessian-opcodes.ts';
import { writeString } from './hessian-strings.ts';

const statuses: Readonly<Record<ReplyReason, number>> = {
  [ReplyReason.routeNotFound]: ResponseStatus.serviceNotFound,
  [ReplyReason.clusterNotFound]: ResponseStatus.serverError,
  [ReplyReason.noHealthyUpstream]: ResponseStatus.serverError,
  [ReplyReason.badResponse]: ResponseStatus.badResponse,
  [ReplyReason.unspecified]: ResponseStatus.serverError,
  [ReplyReason.overLimit]: ResponseStatus.overloaded,
  [ReplyReason.timeout]: ResponseStatus.serverTimeout,
};
const maxMessage = 1024;

const nullBody = Buffer.from([opcode.null]);
/** "R". */
const readOnlyBody = Buffer.from([0x01, 0x52]);
/** Null and "R" are small in every serialization. */
const maxEventBody = 64;

function frameOf(flags: number, status: number, idHigh: number, idLow: number, body: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + body.length);
  frame.set(magic, 0);
  frame[at.flags] = flags;
  frame[at.status] = status;
  frame.writeUInt32BE(idHigh, at.id);
  frame.writeUInt32BE(idLow, at.id + 4);
  frame.writeUInt32BE(body.length, at.bodyLength);
  body.copy(frame, headerBytes);
  return frame;
}

/** In Hessian 2 whatever the request is in: a response names its serialization, and every client has this one. */
export function errorReply(idHigh: number, idLow: number, reason: ReplyReason, message: string): Buffer {
  const text = message.replace(/\p{Cc}+/gu, ' ').slice(0, maxMessage);
  return frameOf(Serialization.hessian2, statuses[reason], idHigh, idLow, writeString(text));
}

/** For a two-way event of null; whoever sends a notice, or answers, waits for nothing. */
export function heartbeatReply(bytes: Buffer, start: number, frame: Frame): Buffer | undefined {
  if (frame.kind !== FrameKind.heartbeat || !isRequest(frame) || (frame.b & flag.twoWay) === 0) return undefined;
  const body = bytes.subarray(start + headerBytes, start + frame.length);
  if (body.length > maxEventBody || isReadOnly(body, frame.b)) return undefined;
  const flags = frame.b & ~(flag.request | flag.twoWay);
  const isNull = body.length === 0 || body[0] === opcode.null;
  if (isHessian(flags) && !isNull) return undefined;
  // Another serialization's null is what has been sent.
  return frameOf(flags, ResponseStatus.ok, frame.idHigh, frame.idLow, isHessian(flags) ? nullBody : body);
}

/** Whether the frame says that its sender takes no more requests on the connection. */
export function isReadOnlyNotice(bytes: Buffer, start: number, frame: Frame): boolean {
  if (frame.kind !== FrameKind.heartbeat || !isRequest(frame)) return false;
  return isReadOnly(bytes.subarray(start + headerBytes, start + frame.length), frame.b);
}

/** In serializations that this codec does not read, "R" is told from null by its letter. */
function isReadOnly(body: Buffer, flags: number): boolean {
  if (isHessian(flags)) return body.equals(readOnlyBody);
  return body.length <= maxEventBody && body.includes(0x52);
}

/** A heartbeat of the proxy's own, which is answered. */
export const heartbeat = frameOf(flag.request | flag.twoWay | flag.event | Serialization.hessian2, 0, 0, 0, nullBody);
