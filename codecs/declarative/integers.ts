/**
 * Integers on the wire: fixed widths in both byte orders (here), LEB128 and decimal digits (variable-integers.ts).
 * Values are JavaScript numbers, exact up to 2^53; whoever needs all 64 bits of an id takes the two halves.
 */
import { CodecError } from '../codec.ts';

export type Endian = 'big' | 'little';

export interface Integer {
  readonly name: string;
  /** Bytes; 0 when the width varies. */
  readonly width: number;
  readonly signed: boolean;
  /** Largest value that can be written. */
  readonly max: number;
  /** Bytes taken at `at`: positive, or `incomplete` when they go on beyond `end`, or `invalid`. */
  readonly size: (bytes: Buffer, at: number, end: number) => number;
  /** This and the halves: only where size is positive. */
  readonly read: (bytes: Buffer, at: number) => number;
  /** The lower and the upper 32 bits, unsigned. */
  readonly low: (bytes: Buffer, at: number) => number;
  readonly high: (bytes: Buffer, at: number) => number;
  /** Throws CodecError when the value does not fit. */
  readonly encode: (value: number) => Buffer;
  readonly encodeHalves: (high: number, low: number) => Buffer;
}

export const incomplete = -1;
export const invalid = -2;

export const two32 = 0x1_0000_0000;

type Read = (bytes: Buffer, at: number) => number;
type Write = (bytes: Buffer, at: number, value: number) => void;

const narrow: Readonly<Record<string, readonly [width: number, signed: boolean, Read, Write]>> = {
  u8: [1, false, (b, at) => b.readUInt8(at), (b, at, v) => void b.writeUInt8(v, at)],
  i8: [1, true, (b, at) => b.readInt8(at), (b, at, v) => void b.writeInt8(v, at)],
  'u16 big': [2, false, (b, at) => b.readUInt16BE(at), (b, at, v) => void b.writeUInt16BE(v, at)],
  'u16 little': [2, false, (b, at) => b.readUInt16LE(at), (b, at, v) => void b.writeUInt16LE(v, at)],
  'i16 big': [2, true, (b, at) => b.readInt16BE(at), (b, at, v) => void b.writeInt16BE(v, at)],
  'i16 little': [2, true, (b, at) => b.readInt16LE(at), (b, at, v) => void b.writeInt16LE(v, at)],
  'u24 big': [3, false, (b, at) => b.readUIntBE(at, 3), (b, at, v) => void b.writeUIntBE(v, at, 3)],
  'u24 little': [3, false, (b, at) => b.readUIntLE(at, 3), (b, at, v) => void b.writeUIntLE(v, at, 3)],
  'u32 big': [4, false, (b, at) => b.readUInt32BE(at), (b, at, v) => void b.writeUInt32BE(v, at)],
  'u32 little': [4, false, (b, at) => b.readUInt32LE(at), (b, at, v) => void b.writeUInt32LE(v, at)],
  'i32 big': [4, true, (b, at) => b.readInt32BE(at), (b, at, v) => void b.writeInt32BE(v, at)],
  'i32 little': [4, true, (b, at) => b.readInt32LE(at), (b, at, v) => void b.writeInt32LE(v, at)],
};

export const fixedIntegerNames = ['u8', 'i8', 'u16', 'i16', 'u24', 'u32', 'i32', 'u64', 'i64'] as const;

export function fixedInteger(name: (typeof fixedIntegerNames)[number], endian: Endian): Integer {
  if (name === 'u64' || name === 'i64') return wideInteger(name, endian);
  const [width, signed, read, write] = narrow[name] ?? narrow[`${name} ${endian}`] ?? missing(name);
  const max = 2 ** (width * 8 - (signed ? 1 : 0)) - 1;
  const min = signed ? -max - 1 : 0;
  const encode = (value: number): Buffer => {
    if (value < min || value > max) throw doesNotFit(value, name);
    const bytes = Buffer.alloc(width);
    write(bytes, 0, value);
    return bytes;
  };
  return {
    name,
    width,
    signed,
    max,
    size: (_bytes, at, end) => (at + width <= end ? width : incomplete),
    read,
    low: (bytes, at) => read(bytes, at) >>> 0,
    high: () => 0,
    encode,
    // Ids come back as the unsigned halves that were read; a narrow or signed type takes its own low bits of them.
    encodeHalves: (_high, low) =>
      encode(signed ? (low << (32 - width * 8)) >> (32 - width * 8) : low % 2 ** (width * 8)),
  };
}

function wideInteger(name: 'u64' | 'i64', endian: Endian): Integer {
  const signed = name === 'i64';
  const upper = endian === 'big' ? 0 : 4;
  const lower = 4 - upper;
  const half = endian === 'big' ? readBig : readLittle;
  const encodeHalves = (high: number, low: number): Buffer => {
    const bytes = Buffer.alloc(8);
    writeHalves(bytes, 0, endian, high, low);
    return bytes;
  };
  return {
    name,
    width: 8,
    signed,
    max: Number.MAX_SAFE_INTEGER,
    size: (_bytes, at, end) => (at + 8 <= end ? 8 : incomplete),
    read: (bytes, at) => {
      const high = half(bytes, at + upper);
      return (signed ? high | 0 : high) * two32 + half(bytes, at + lower);
    },
    low: (bytes, at) => half(bytes, at + lower),
    high: (bytes, at) => half(bytes, at + upper),
    encode: (value) => {
      if (!Number.isSafeInteger(value) || (!signed && value < 0)) throw doesNotFit(value, name);
      return encodeHalves(Math.floor(value / two32) >>> 0, value >>> 0);
    },
    encodeHalves,
  };
}

function readBig(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at);
}

function readLittle(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at);
}

export function writeHalves(bytes: Buffer, at: number, endian: Endian, high: number, low: number): void {
  if (endian === 'big') {
    bytes.writeUInt32BE(high, at);
    bytes.writeUInt32BE(low, at + 4);
  } else {
    bytes.writeUInt32LE(low, at);
    bytes.writeUInt32LE(high, at + 4);
  }
}

export function doesNotFit(value: number, name: string): CodecError {
  return new CodecError('too-large', `The value ${value} does not fit into ${name}.`);
}

/** Decimal digits of 64 bits given as halves, without BigInt where a number is exact. */
export function decimalOfHalves(high: number, low: number, signed: boolean): string {
  const signedHigh = signed ? high | 0 : high;
  const value = signedHigh * two32 + low;
  if (Number.isSafeInteger(value)) return String(value);
  return ((BigInt(signedHigh) << 32n) + BigInt(low)).toString();
}

function missing(name: string): never {
  throw new TypeError(`no integer type ${name}`);
}
