/** Writes sections of replies and of trial frames: their content, and their length where it stands. Throws CodecError. */
import type { Section } from './sections.ts';

/** The section with a length right before it; a length in the header is written there. */
export function writeSection({ length }: Section, header: Buffer, content: Buffer): Buffer {
  if (length === undefined) return content;
  const encoded = length.integer.encode((content.length - length.adjust) / length.unit);
  if (length.offset === undefined) return Buffer.concat([encoded, content]);
  encoded.copy(header, length.offset);
  return content;
}

/** The least that the section can hold: no pairs, and the sections inside that every frame has, as empty. */
export function emptyContent(section: Section, all: readonly Section[], header: Buffer): Buffer {
  const inside = all
    .filter(({ parent, condition }) => parent === section && condition === undefined)
    .map((inner) => writeSection(inner, header, emptyContent(inner, all, header)));
  const count = section.entries?.count?.encode(0);
  const content = Buffer.concat(count === undefined ? inside : [count, ...inside]);
  return section.size === undefined ? content : Buffer.concat([content], section.size);
}
