/** Frames that are changed or looked at once more: a codec may find one that it decoded impossible to change. */
import { CodecError, type Frame, type Mutation } from '../../../codecs/codec.ts';
import type { Site } from './site.ts';

/** The changed frame in a buffer of its own; or, as text, why the codec cannot change it. */
export function mutate(
  { codec, runtime }: Site,
  bytes: Buffer,
  start: number,
  frame: Frame,
  mutation: Mutation,
): Buffer | string {
  try {
    return codec.mutate(bytes, start, frame, mutation);
  } catch (error) {
    runtime.faults.note(codec.name, error);
    return error instanceof CodecError ? error.message : 'The codec has a bug, which is told by itself.';
  }
}

/** Describes the request that lies in the bytes; false when the codec finds none there any more. */
export function decodeAgain(
  { codec, runtime }: Site,
  bytes: Buffer,
  start: number,
  length: number,
  frame: Frame,
): boolean {
  try {
    return codec.decoder('request').decode(bytes, start, start + length, frame);
  } catch (error) {
    runtime.faults.note(codec.name, error);
    return false;
  }
}
