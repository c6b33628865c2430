/**
 * ASN.1 in its distinguished encoding, read one level at a time: what others wrote is taken apart only as far as is looked at.
 * Lengths are taken in their one shortest form, so that no two readers take the same bytes for different values.
 */
import { IsthmusError } from '../model/errors.ts';

export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With its tag and length. */
  readonly whole: Uint8Array;
}

/** The values that stand one behind another and fill the bytes. Throws BAD_DATA. */
export function readValues(bytes: Uint8Array): readonly DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const value = readValue(bytes, at);
    values.push(value);
    at += value.whole.length;
  }
  return values;
}

/** What the one value that fills the bytes, of this tag, is made of. Throws BAD_DATA. */
export function readParts(bytes: Uint8Array, tag: number): readonly DerValue[] {
  return readValues(contentOf(readValues(bytes), tag));
}

function contentOf(values: readonly DerValue[], tag: number): Uint8Array {
  const [value] = values;
  if (values.length !== 1 || value?.tag !== tag) throw damaged();
  return value.content;
}

function readValue(bytes: Uint8Array, start: number): DerValue {
  const [tag = 0, first = 0x80] = bytes.subarray(start, start + 2);
  // Tags of more bytes stand in nothing that is read here.
  if ((tag & 0x1f) === 0x1f) throw damaged();
  const { length, lengthBytes } =
    first < 0x80 ? { length: first, lengthBytes: 0 } : longLength(bytes, start + 2, first);
  const begin = start + 2 + lengthBytes;
  const end = begin + length;
  if (end > bytes.length) throw damaged();
  return { tag, content: bytes.subarray(begin, end), whole: bytes.subarray(start, end) };
}

/** What is read here is shorter than 64 KiB: a length has two bytes at most. */
function longLength(bytes: Uint8Array, at: number, first: number) {
  const lengthBytes = first & 0x7f;
  const [high = 0, low = 0] = bytes.subarray(at, at + 2);
  const length = lengthBytes === 1 ? high : (high << 8) | low;
  if (lengthBytes < 1 || lengthBytes > 2 || length < (lengthBytes === 1 ? 0x80 : 0x100)) throw damaged();
  return { length, lengthBytes };
}

function damaged(): IsthmusError {
  return new IsthmusError('BAD_DATA', 'it is no ASN.1 of the form that is expected');
}
