/**
 * Dubbo frames out of bytes, by their header alone; of a response that says OK, the first byte of its body is looked at
 * as well, which tells a value from an exception.
 * frame.a is where the attachments are, 0 while nobody has looked, -1 where there are none; b are the flags, c the status.
 */
import { CodecError, type CodecLimits, type Decoder, type Direction, type Frame, FrameKind, Status } from '../codec.ts';
import { isWhole } from '../length-prefixed.ts';
import { isException } from './body.ts';
import { at, flag, headerBytes, isHessian, magic, ResponseStatus } from './header.ts';

export class DubboDecoder implements Decoder {
  readonly #isRequest: boolean;
  readonly #limits: CodecLimits;

  constructor(direction: Direction, limits: CodecLimits) {
    this.#isRequest = direction === 'request';
    this.#limits = limits;
  }

  decode(bytes: Buffer, start: number, end: number, frame: Frame): boolean {
    frame.needed = 0;
    const available = end - start;
    if (available < headerBytes) {
      checkMagic(bytes, start, end);
      return false;
    }
    if (bytes[start] !== magic[0] || bytes[start + 1] !== magic[1]) checkMagic(bytes, start, end);
    const length = headerBytes + uint32(bytes, start + at.bodyLength);
    if (!isWhole(length, headerBytes, available, this.#limits, frame)) return false;
    frame.headerLength = headerBytes;
    frame.idHigh = uint32(bytes, start + at.id);
    frame.idLow = uint32(bytes, start + at.id + 4);
    frame.rewritable = true;
    frame.status = Status.ok;
    const flags = bytes[start + at.flags] ?? 0;
    frame.a = 0;
    frame.b = flags;
    frame.c = bytes[start + at.status] ?? 0;
    if ((flags & flag.event) !== 0) frame.kind = FrameKind.heartbeat;
    else if ((flags & flag.request) !== 0)
      frame.kind = (flags & flag.twoWay) === 0 ? FrameKind.oneway : FrameKind.request;
    else this.#describeResponse(bytes, start, frame);
    return true;
  }

  #describeResponse(bytes: Buffer, start: number, frame: Frame): void {
    if (this.#isRequest) throw new CodecError('malformed', 'A caller sent a response.');
    const failed = frame.c !== ResponseStatus.ok || (isHessian(frame.b) && isException(bytes, start, frame));
    frame.kind = failed ? FrameKind.error : FrameKind.response;
    frame.status = failed ? Status.error : Status.ok;
  }
}

function checkMagic(bytes: Buffer, start: number, end: number): void {
  const isMagic = (end <= start || bytes[start] === magic[0]) && (end <= start + 1 || bytes[start + 1] === magic[1]);
  if (!isMagic) throw new CodecError('malformed', 'The frame does not begin with dabb.');
}

function uint32(bytes: Buffer, from: number): number {
  return (
    (((bytes[from] ?? 0) << 24) |
      ((bytes[from + 1] ?? 0) << 16) |
      ((bytes[from + 2] ?? 0) << 8) |
      (bytes[from + 3] ?? 0)) >>>
    0
  );
}
