/**
 * Where a frame begins and ends: the fixed header, the bytes that must stand in it, the length, what must stand at the
 * end. In: the description's `frame`. Out: closures that check a header and tell a frame's length, and that write the
 * length of a frame which was built or changed.
 */
import { CodecError } from '../codec.ts';
import type { DocumentNode } from './document.ts';
import { type FrameLength, readFrameLength } from './frame-length.ts';
import type { Endian } from './integers.ts';

export interface Framing {
  readonly headerSize: number;
  readonly endian: Endian;
  readonly magic: readonly Mark[];
  /** Throws CodecError when bytes that are there already are wrong; bytes not yet there are not judged. */
  readonly checkMagic: (bytes: Buffer, start: number, end: number) => void;
  /** Bytes that end each frame; empty when there are none. A delimiter is one. */
  readonly trailer: Mark;
  readonly length: FrameLength;
}

/** Bytes expected at an offset; where the mask has a zero bit any bit will do. */
export interface Mark {
  readonly offset: number;
  readonly bytes: Buffer;
  readonly mask: Buffer;
}

const maxHeaderSize = 4096;
const maxMarks = 16;

export function readFraming(node: DocumentNode): Framing {
  const part = node.members('header', 'magic', 'trailer', 'length');
  const header = part('header').members('size', 'endian');
  const headerSize = header('size').integer(0, maxHeaderSize);
  const endian = header('endian').choice(['big', 'little'], 'big');
  const magic = part('magic')
    .items(maxMarks)
    .map((item) => readMark(item, headerSize));
  const trailer = joinMarks(
    part('trailer')
      .items(maxMarks)
      .map((item) => readMark(item, undefined)),
  );
  const length = readFrameLength(part('length'), { headerSize, endian, trailerSize: trailer.bytes.length });
  if (headerSize === 0 && length.form !== 'delimiter' && length.form !== 'variable') {
    header('size').problem('The header must hold the length.', 'Give the size of the fixed bytes before all else.');
  }
  if (length.form === 'delimiter' && trailer.bytes.length > 0) {
    part('trailer').problem('The delimiter ends the frame already.', 'Leave the trailer out.');
  }
  return {
    headerSize,
    endian,
    magic,
    checkMagic: magicCheck(magic),
    trailer: length.form === 'delimiter' ? solid(length.delimiter) : trailer,
    length,
  };
}

function readMark(node: DocumentNode, headerSize: number | undefined): Mark {
  const part = headerSize === undefined ? node.members('bytes', 'mask') : node.members('offset', 'bytes', 'mask');
  const bytes = part('bytes').bytes();
  const mask = part('mask').absent ? Buffer.alloc(bytes.length, 0xff) : part('mask').bytes();
  if (mask.length !== bytes.length)
    part('mask').problem('It is not as long as the bytes.', 'Give a mask byte for each.');
  const offset = headerSize === undefined ? 0 : readOffset(node, headerSize, bytes.length);
  return { offset, bytes, mask };
}

function readOffset(node: DocumentNode, headerSize: number, size: number): number {
  const offset = node.members('offset', 'bytes', 'mask')('offset');
  const value = offset.integer(0, headerSize);
  if (value + size > headerSize) {
    offset.problem(`The header is ${headerSize} bytes long and does not cover this.`, 'Enlarge frame.header.size.');
  }
  return value;
}

function joinMarks(marks: readonly Mark[]): Mark {
  return {
    offset: 0,
    bytes: Buffer.concat(marks.map((mark) => mark.bytes)),
    mask: Buffer.concat(marks.map((mark) => mark.mask)),
  };
}

function solid(bytes: Buffer): Mark {
  return { offset: 0, bytes, mask: Buffer.alloc(bytes.length, 0xff) };
}

function magicCheck(magic: readonly Mark[]): Framing['checkMagic'] {
  const expected = magic.flatMap((mark) =>
    [...mark.bytes].map((byte, index) => {
      const mask = mark.mask[index] ?? 0;
      return { offset: mark.offset + index, mask, byte: byte & mask };
    }),
  );
  return (bytes, start, end) => {
    for (const { offset, mask, byte } of expected) {
      if (start + offset < end && ((bytes[start + offset] ?? 0) & mask) !== byte) {
        throw new CodecError('malformed', `Byte ${offset} is not what every frame of this protocol has there.`);
      }
    }
  };
}

/** Throws CodecError when the bytes before `end` are not the trailer. */
export function checkTrailer(trailer: Mark, bytes: Buffer, end: number): void {
  const at = end - trailer.bytes.length;
  for (let index = 0; index < trailer.bytes.length; index++) {
    const difference = (bytes[at + index] ?? 0) ^ (trailer.bytes[index] ?? 0);
    if ((difference & (trailer.mask[index] ?? 0)) !== 0) {
      throw new CodecError('malformed', 'The frame does not end as every frame of this protocol does.');
    }
  }
}
