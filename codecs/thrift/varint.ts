/** Unsigned LEB128 of at most 32 bits, as compact Thrift and THeader write their numbers. */
import { CodecError } from '../codec.ts';

const maxBytes = 5;

/** One object is reused: read `value` and `next` before the next call. */
export class VarintReader {
  /** Unsigned. */
  value = 0;
  /** Where the bytes behind the number begin. */
  next = 0;

  /** False: more bytes are needed. Throws CodecError for a number of more than 32 bits. */
  read(bytes: Buffer, at: number, end: number): boolean {
    let value = 0;
    for (let i = 0; i < maxBytes; i++) {
      const index = at + i;
      if (index >= end) return false;
      const byte = bytes[index] ?? 0;
      if (i === maxBytes - 1 && byte > 0x0f) break;
      value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        this.value = value >>> 0;
        this.next = index + 1;
        return true;
      }
    }
    throw new CodecError('malformed', 'A number has more than 32 bits.');
  }
}

/** The bytes of one number, 0 to 2^32 - 1. */
export function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

/** Its length as a number, then the text. */
export function varintString(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from(varintBytes(body.length)), body]);
}
