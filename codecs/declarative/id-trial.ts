/**
 * Tries whether a frame stays what it is when a proxy writes an id of its own into it. A request id that stands where the
 * length, the kind or another part is read would make every forwarded frame another one.
 */
import { type Codec, CodecError, Frame } from '../codec.ts';

/** What is read otherwise once the id has been rewritten; undefined when the frame stays what it was. */
export function changedByRewriting(
  codec: Codec,
  direction: 'request' | 'response',
  sample: Buffer,
): string | undefined {
  const before = new Frame();
  if (!codec.decoder(direction).decode(sample, 0, sample.length, before) || !before.rewritable) return undefined;
  // Every value of every byte: whatever is compared with a byte of the id is met once.
  for (let byte = 0; byte < 256; byte++) {
    const id = (byte * 0x0101_0101) >>> 0;
    const bytes = Buffer.from(sample);
    codec.rewriteId(bytes, 0, before, 0, id);
    const changed = difference(codec, direction, bytes, before, id);
    if (changed !== undefined) return changed;
  }
  return undefined;
}

function difference(
  codec: Codec,
  direction: 'request' | 'response',
  bytes: Buffer,
  before: Frame,
  id: number,
): string | undefined {
  const after = new Frame();
  try {
    if (!codec.decoder(direction).decode(bytes, 0, bytes.length, after)) return 'length';
  } catch (error) {
    if (error instanceof CodecError) return 'length, magic or a section';
    throw error;
  }
  if (after.length !== before.length) return 'length';
  if (after.kind !== before.kind) return 'kind';
  if (after.status !== before.status) return 'status';
  return after.idLow === id ? undefined : 'id itself';
}
