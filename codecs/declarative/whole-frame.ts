/** Bytes that should be exactly one frame. */
import { type Codec, CodecError, type Direction, Frame } from '../codec.ts';

/** The frame that these bytes are, from the first to the last; undefined when they are not one. */
export function decodeWhole(codec: Codec, bytes: Buffer, direction: Direction): Frame | undefined {
  const frame = new Frame();
  try {
    return codec.decoder(direction).decode(bytes, 0, bytes.length, frame) && frame.length === bytes.length
      ? frame
      : undefined;
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}
