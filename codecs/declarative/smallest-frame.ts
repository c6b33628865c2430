/** Builds a smallest frame of a description: zeroes, the magic, empty sections, the right lengths. */
import type { Direction } from '../codec.ts';
import type { CompiledParts } from './compiled-parts.ts';
import { writeFrame } from './frame-writer.ts';
import { attempt } from './reply-pieces.ts';
import { decodeWhole } from './whole-frame.ts';

/** Zeroes behind the sections: fields there are empty or zero then, whatever their types. */
const paddings = [0, 1, 2, 4, 8, 16, 64];

export function smallestFrame({ codec, plan }: CompiledParts, direction: Direction): Buffer | undefined {
  const { framing, sections } = plan;
  const header = Buffer.alloc(framing.headerSize);
  for (const mark of framing.magic) mark.bytes.copy(header, mark.offset);
  const owned = new Set<number>();
  const contents: Buffer[] = [];
  for (const { length, size, entries, parent, condition } of sections) {
    if (parent !== undefined || condition !== undefined) continue;
    const content = Buffer.concat([entries?.count?.encode(0) ?? Buffer.alloc(0), Buffer.alloc(size ?? 0)]);
    const value = length === undefined ? 0 : (content.length - length.adjust) / length.unit;
    const encoded = length === undefined ? Buffer.alloc(0) : attempt(() => length.integer.encode(value));
    if (encoded === undefined) return undefined;
    if (length?.offset !== undefined) {
      encoded.copy(header, length.offset);
      owned.add(length.offset);
      contents.push(content);
    } else contents.push(encoded, content);
  }
  const least = framing.length.min - framing.headerSize - framing.trailer.bytes.length;
  for (const padding of [...paddings, least]) {
    const content = Buffer.concat([...contents, Buffer.alloc(Math.max(padding, 0))]);
    const frame = attempt(() => writeFrame(framing, Buffer.from(header), content, owned));
    if (frame !== undefined && decodeWhole(codec, frame, direction) !== undefined) return frame;
  }
  return undefined;
}
