/** Mutation by a codec, which may find a frame that it decoded impossible to change. */
import { type Codec, CodecError, type Frame, type Mutation } from '../../../codecs/codec.ts';

/** The changed frame in a buffer of its own; undefined when the codec cannot change it. */
export function mutate(
  codec: Codec,
  bytes: Buffer,
  start: number,
  frame: Frame,
  mutation: Mutation,
): Buffer | undefined {
  try {
    return codec.mutate(bytes, start, frame, mutation);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}
