/** Strings on the wire, length-prefixed or ended by a zero byte, and the texts that properties are made of. */
import { isUtf8 } from 'node:buffer';
import { CodecError } from '../codec.ts';
import type { Integer } from './integers.ts';
import type { WireType } from './types.ts';

/** A string at `at` is its begin, its content and a tail of `tail` bytes. */
export interface StringForm {
  /** The content's first byte, or -1 when it is not before `end`. */
  readonly begin: (bytes: Buffer, at: number, end: number) => number;
  /** The byte after the content, given begin's answer; -1 when it or its tail do not fit before `end`. */
  readonly finish: (bytes: Buffer, begin: number, at: number, end: number) => number;
  readonly tail: number;
  /** Throws CodecError when the string cannot carry the content. */
  readonly encode: (content: Buffer) => Buffer;
  /** The longest content that encode takes. */
  readonly maxContent: number;
}

export function stringForm(type: WireType & { readonly form: 'string' | 'cstring' }): StringForm {
  return type.form === 'string' ? prefixed(type.prefix) : zeroEnded;
}

function prefixed(prefix: Integer): StringForm {
  return {
    begin: (bytes, at, end) => {
      const size = prefix.size(bytes, at, end);
      return size < 0 ? -1 : at + size;
    },
    finish: (bytes, begin, at, end) => {
      const content = begin + prefix.read(bytes, at);
      return content <= end ? content : -1;
    },
    tail: 0,
    encode: (content) => Buffer.concat([prefix.encode(content.length), content]),
    maxContent: prefix.max,
  };
}

const zeroEnded: StringForm = {
  begin: (_bytes, at, end) => (at < end ? at : -1),
  finish: (bytes, begin, _at, end) => {
    for (let next = begin; next < end; next++) if (bytes[next] === 0) return next;
    return -1;
  },
  tail: 1,
  encode: (content) => {
    if (content.includes(0)) throw new CodecError('unsupported', 'A string ended by a zero byte cannot hold one.');
    return Buffer.concat([content, Buffer.from([0])]);
  },
  maxContent: Number.MAX_SAFE_INTEGER,
};

const replacement = '\uFFFD';

/** The text of bytes[from, to); undefined when it is no UTF-8, so that two byte strings never look equal. */
export function textOf(bytes: Buffer, from: number, to: number): string | undefined {
  const text = bytes.toString('utf8', from, to);
  return text.includes(replacement) && !isUtf8(bytes.subarray(from, to)) ? undefined : text;
}

export function hexOf(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('hex', from, to);
}

/** The longest prefix of the UTF-8 bytes within `max` that does not cut a character. */
export function cutText(content: Buffer, max: number): Buffer {
  if (content.length <= max) return content;
  let end = max;
  while (end > 0 && ((content[end] ?? 0) & 0xc0) === 0x80) end--;
  return content.subarray(0, end);
}
