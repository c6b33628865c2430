/**
 * What stands in a body of Hessian 2, value after value:
 *
 *   request:  Dubbo's version | interface | version | method | descriptor | one value a parameter | attachments
 *   response: 0 exception, 1 value, 2 null, or 3, 4, 5 for the same with attachments | exception or value | attachments
 *
 * Nothing but the first byte of a response is read before a property asks for it, and then only as far as it stands.
 */
import type { Frame } from '../codec.ts';
import { flag, headerBytes, isHessian, ResponseStatus } from './header.ts';
import { opcode } from './hessian-opcodes.ts';
import type { HessianWalker } from './hessian-walker.ts';

/** Places of the strings that a request begins with. */
export const RequestString = { dubboVersion: 0, interface: 1, version: 2, method: 3 } as const;

const ResultType = { exception: 0, value: 1, null: 2 } as const;
/** Added to the type of a result that attachments follow. */
const WITH_ATTACHMENTS = 3;
/** An int from -16 to 47 is one byte, this one for 0. */
const INT_ZERO = 0x90;

/** Whether readers find anything in this frame. */
export function isReadable({ b: flags, c: status }: Frame): boolean {
  if (!isHessian(flags) || (flags & flag.event) !== 0) return false;
  return (flags & flag.request) !== 0 || status === ResponseStatus.ok;
}

export function isRequest(frame: Frame): boolean {
  return (frame.b & flag.request) !== 0;
}

/** Of a response with status OK: whether it brings an exception. */
export function isException(bytes: Buffer, start: number, frame: Frame): boolean {
  const first = frame.length > headerBytes ? (bytes[start + headerBytes] ?? 0) : 0;
  if (first === INT_ZERO || first === INT_ZERO + WITH_ATTACHMENTS) return true;
  // I: an int of four bytes, which a writer may have taken for a small number as well.
  if (first !== 0x49 || frame.length < headerBytes + 5) return false;
  const type = bytes.readInt32BE(start + headerBytes + 1);
  return type === ResultType.exception || type === WITH_ATTACHMENTS;
}

export function openBody(walker: HessianWalker, bytes: Buffer, start: number, frame: Frame): HessianWalker {
  return walker.open(bytes, start + headerBytes, start + frame.length);
}

/** One of the strings that a readable request begins with. */
export function readRequestString(
  walker: HessianWalker,
  bytes: Buffer,
  start: number,
  frame: Frame,
  place: number,
): string | undefined {
  openBody(walker, bytes, start, frame);
  for (let index = 0; index < place; index++) if (!walker.skipString()) return undefined;
  return walker.readString();
}

/** Takes the walker from the beginning of a readable body to its attachments, or where they would be; false where it is malformed. */
export function walkToAttachments(walker: HessianWalker, bytes: Buffer, start: number, frame: Frame): boolean {
  openBody(walker, bytes, start, frame);
  return isRequest(frame) ? passCall(walker) : passResult(walker);
}

function passCall(walker: HessianWalker): boolean {
  for (let index = 0; index <= RequestString.method; index++) if (!walker.skipString()) return false;
  const parameters = readParameterCount(walker);
  for (let index = 0; index < parameters; index++) if (!walker.skip()) return false;
  return parameters >= 0;
}

/** -1 where there is no descriptor; null in its place means that there are no parameters. */
function readParameterCount(walker: HessianWalker): number {
  if (walker.next === opcode.null) return walker.skipString() ? 0 : -1;
  const descriptor = walker.readString();
  return descriptor === undefined ? -1 : parameterCount(descriptor);
}

function passResult(walker: HessianWalker): boolean {
  const type = walker.readInt();
  if (type === undefined || type < 0 || type >= 2 * WITH_ATTACHMENTS) return false;
  return type % WITH_ATTACHMENTS === ResultType.null || walker.skip();
}

/** Of a readable response: the first byte for the type that says that attachments follow, and how many bytes it replaces. */
export function typeWithAttachments(walker: HessianWalker, bytes: Buffer, start: number, frame: Frame) {
  const type = openBody(walker, bytes, start, frame).readInt() ?? 0;
  const replaced = walker.at - start - headerBytes;
  return { byte: INT_ZERO + WITH_ATTACHMENTS + (type % WITH_ATTACHMENTS), replaced };
}

const ARRAY = 0x5b;
const OBJECT = 0x4c;

/** Parameters of a JVM descriptor such as `ILjava/lang/String;[J`; -1 where it is none. */
export function parameterCount(descriptor: string): number {
  let count = 0;
  let isArray = false;
  for (let index = 0; index < descriptor.length; index++) {
    const code = descriptor.charCodeAt(index);
    isArray = code === ARRAY;
    if (isArray) continue;
    if (code === OBJECT) {
      index = descriptor.indexOf(';', index);
      if (index < 0) return -1;
    } else if (!isPrimitive(code)) return -1;
    count++;
  }
  return isArray ? -1 : count;
}

/** V Z B C D F I J S. */
function isPrimitive(code: number): boolean {
  switch (code) {
    case 0x56:
    case 0x5a:
    case 0x42:
    case 0x43:
    case 0x44:
    case 0x46:
    case 0x49:
    case 0x4a:
    case 0x53:
      return true;
    default:
      return false;
  }
}
