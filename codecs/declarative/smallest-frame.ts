/** Builds a smallest frame of a description: zeroes, the magic, empty sections, the right lengths. */
import type { Direction } from '../codec.ts';
import type { CompiledParts } from './compiled-parts.ts';
import { writeFrame } from './frame-writer.ts';
import { attempt } from './reply-pieces.ts';
import { emptyContent, writeSection } from './section-writer.ts';
import { decodeWhole } from './whole-frame.ts';

/** Zeroes behind the sections: fields there are empty or zero then, whatever their types. */
const paddings = [0, 1, 2, 4, 8, 16, 64];

export function smallestFrame({ codec, plan }: CompiledParts, direction: Direction): Buffer | undefined {
  const { framing, sections } = plan;
  const header = Buffer.alloc(framing.headerSize);
  for (const mark of framing.magic) mark.bytes.copy(header, mark.offset);
  const always = sections.filter(({ parent, condition }) => parent === undefined && condition === undefined);
  const owned = new Set(always.flatMap(({ length }) => (length?.offset === undefined ? [] : [length.offset])));
  const contents = attempt(() =>
    Buffer.concat(always.map((section) => writeSection(section, header, emptyContent(section, sections, header)))),
  );
  if (contents === undefined) return undefined;
  const least = framing.length.min - framing.headerSize - framing.trailer.bytes.length;
  for (const padding of [...paddings, least]) {
    const content = Buffer.concat([contents, Buffer.alloc(Math.max(padding, 0))]);
    const frame = attempt(() => writeFrame(framing, Buffer.from(header), content, owned));
    if (frame !== undefined && decodeWhole(codec, frame, direction) !== undefined) return frame;
  }
  return undefined;
}
