/** Writes the length of frames that were built (replies) or changed (mutations). */
import { CodecError } from '../codec.ts';
import type { Edits } from './edits.ts';
import type { FrameLength, LengthPart } from './frame-length.ts';
import type { Framing } from './framing.ts';

/** Why frames of other lengths cannot be written; undefined when they can. `owned`: parts that sections have set. */
export function whyFixed(length: FrameLength, owned: ReadonlySet<number>): string | undefined {
  switch (length.form) {
    case 'delimiter':
      return undefined;
    case 'fixed':
      return 'All frames have the same length.';
    case 'variable':
      return length.countsItself ? 'The length counts itself and its own width varies: a cycle.' : undefined;
    case 'parts': {
      if (length.unit !== 1) return 'The length is counted in units, and how to pad the rest is not told.';
      const shifts = length.parts.filter((part) => !owned.has(part.offset)).map((part) => part.shift);
      return new Set(shifts).size === shifts.length
        ? undefined
        : 'Several parts add up to the length, and none of them is the length of what changes.';
    }
  }
}

/** A frame of this header (whose length is set) and this content. Throws CodecError. */
export function writeFrame(framing: Framing, header: Buffer, content: Buffer, owned: ReadonlySet<number>): Buffer {
  const { length, trailer } = framing;
  const before = length.form === 'variable' ? encodeVariable(length, framing, content.length) : nothing;
  const frame = Buffer.concat([header, before, content, trailer.bytes]);
  settle(framing, frame, owned);
  return frame;
}

/** bytes[start, end), a frame, with the edits made to its content and its length set. Throws CodecError. */
export function rewriteFrame(
  framing: Framing,
  edits: Edits,
  bytes: Buffer,
  start: number,
  end: number,
  owned: ReadonlySet<number>,
): Buffer {
  const { length, headerSize } = framing;
  if (length.form === 'variable') {
    const at = start + headerSize;
    const value = length.integer.read(bytes, at) + edits.growth;
    edits.replace(at, length.integer.size(bytes, at, end), length.integer.encode(value));
  }
  const frame = edits.apply(bytes, start, end);
  settle(framing, frame, owned);
  return frame;
}

const nothing = Buffer.alloc(0);

/** A length that counts itself settles once its width does, which grows with the value. */
function encodeVariable(
  { integer, base, countsItself }: FrameLength & { readonly form: 'variable' },
  { headerSize, trailer }: Framing,
  contentSize: number,
): Buffer {
  const value = headerSize + contentSize + trailer.bytes.length - base;
  if (!countsItself) return integer.encode(value);
  let encoded = integer.encode(value);
  for (let grown = integer.encode(value + encoded.length); grown.length > encoded.length; ) {
    encoded = grown;
    grown = integer.encode(value + encoded.length);
  }
  return integer.encode(value + encoded.length);
}

function settle({ length, headerSize }: Framing, frame: Buffer, owned: ReadonlySet<number>): void {
  if (length.form === 'parts') writeParts(length.parts, length.base, length.unit, frame, owned);
  if (length.form === 'fixed' && frame.length !== length.size) {
    throw new CodecError('unsupported', `All frames are ${length.size} bytes long, and this one is ${frame.length}.`);
  }
  if (
    length.form === 'delimiter' &&
    frame.indexOf(length.delimiter, headerSize) !== frame.length - length.delimiter.length
  ) {
    throw new CodecError('unsupported', 'The content holds the delimiter that ends a frame.');
  }
}

function writeParts(
  parts: readonly LengthPart[],
  base: number,
  unit: number,
  frame: Buffer,
  owned: ReadonlySet<number>,
): void {
  let rest = (frame.length - base) / unit;
  for (const { offset, integer, shift } of parts) {
    if (owned.has(offset)) rest -= integer.read(frame, offset) * 2 ** shift;
  }
  const free = parts.filter((part) => !owned.has(part.offset)).sort((a, b) => b.shift - a.shift);
  for (const { offset, integer, shift } of free) {
    const value = Math.floor(rest / 2 ** shift);
    integer.encode(value).copy(frame, offset);
    rest -= value * 2 ** shift;
  }
  if (rest !== 0) throw new CodecError('unsupported', `No length can be written for a frame of ${frame.length} bytes.`);
}
