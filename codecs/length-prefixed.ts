/**
 * What codecs of length-prefixed frames have in common once the length is read: whether it can be believed, whether the
 * frame is there, and what kind it is where only the side that sent it tells.
 */
import { CodecError, type CodecLimits, type Direction, type Frame, FrameKind, Status } from './codec.ts';

/** False, with `needed` set, while the frame is not complete. Throws CodecError for a length that cannot be. */
export function isWhole(length: number, least: number, available: number, limits: CodecLimits, frame: Frame): boolean {
  if (length < least) throw new CodecError('malformed', `The frame says it is ${length} bytes long.`);
  if (length > limits.maxFrameBytes) throw new CodecError('too-large', `The frame says it is ${length} bytes long.`);
  if (available < length) {
    frame.needed = length;
    return false;
  }
  frame.length = length;
  return true;
}

/** A request from the caller, a response from the called; `failed` makes a response an error. */
export function setKindBySide(direction: Direction, failed: boolean, frame: Frame): void {
  const isError = direction === 'response' && failed;
  frame.status = isError ? Status.error : Status.ok;
  frame.kind = direction === 'request' ? FrameKind.request : isError ? FrameKind.error : FrameKind.response;
}
