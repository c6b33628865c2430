/**
 * ASN.1 in its distinguished encoding, written: what certificates and signing requests are made of. Each function gives a whole
 * value, its tag and length before it. https://www.itu.int/rec/T-REC-X.690, sections 8 and 10
 */
import { IsthmusError } from '../model/errors.ts';

/** One byte each: the universal ones that are met with here. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  nothing: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function derValue(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  return Buffer.concat([header(tag, length), ...contents]);
}

function header(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Buffer.of(tag, length);
  if (length < 0x100) return Buffer.of(tag, 0x81, length);
  if (length < 0x10000) return Buffer.of(tag, 0x82, length >> 8, length & 0xff);
  throw new IsthmusError('BAD_DATA', 'a certificate has at most 64 KiB');
}

export function sequence(...values: readonly Uint8Array[]): Uint8Array {
  return derValue(tags.sequence, ...values);
}

/** Of one value: the members of a larger one would have to be sorted. */
export function setOf(value: Uint8Array): Uint8Array {
  return derValue(tags.set, value);
}

/** `[number]` of the syntax, around whole values. */
export function explicit(number: number, ...values: readonly Uint8Array[]): Uint8Array {
  return derValue(0xa0 | number, ...values);
}

/** `[number]` of the syntax, in the place of a primitive value's own tag. */
export function implicit(number: number, content: Uint8Array): Uint8Array {
  return derValue(0x80 | number, content);
}

/** Big endian; the first byte is neither needless nor one that makes the number negative. */
export function integer(...bytes: readonly number[]): Uint8Array {
  return derValue(tags.integer, Buffer.from(bytes));
}

export const yes: Uint8Array = derValue(tags.boolean, Buffer.of(0xff));
export const nothing: Uint8Array = derValue(tags.nothing);

export function octetString(content: Uint8Array): Uint8Array {
  return derValue(tags.octetString, content);
}

/** Whole bytes. */
export function bitString(content: Uint8Array): Uint8Array {
  return derValue(tags.bitString, Buffer.of(0), content);
}

/** A set of named bits, those numbered so, of which there are at most eight; zeros behind the last are left out. */
export function namedBits(...numbers: readonly number[]): Uint8Array {
  const byte = numbers.reduce((bits, number) => bits | (0x80 >> number), 0);
  return derValue(tags.bitString, Buffer.of(7 - Math.max(...numbers), byte));
}

/** From its dotted form. */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return derValue(tags.objectIdentifier, Buffer.from([40 * first + second, ...rest].flatMap(base128)));
}

function base128(arc: number): readonly number[] {
  const bytes = [arc & 0x7f];
  for (let left = arc >> 7; left > 0; left >>= 7) bytes.unshift(0x80 | (left & 0x7f));
  return bytes;
}

/** As certificates have it: two digits for years before 2050, and whole seconds. Milliseconds since the epoch. */
export function time(milliseconds: number): Uint8Array {
  const digits = new Date(milliseconds).toISOString().replaceAll(/\.\d+|[-:T]/g, '');
  if (digits < '1950' || digits.length !== 'YYYYMMDDHHMMSSZ'.length)
    throw new IsthmusError('BAD_DATA', 'certificates live between the years 1950 and 9999');
  return digits < '2050'
    ? derValue(tags.utcTime, Buffer.from(digits.slice(2)))
    : derValue(tags.generalizedTime, Buffer.from(digits));
}

const printable = /^[A-Za-z0-9 '()+,./:=?-]*$/;

/** A text of a name. */
export function directoryString(text: string): Uint8Array {
  return derValue(printable.test(text) ? tags.printableString : tags.utf8String, Buffer.from(text));
}
