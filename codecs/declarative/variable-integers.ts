/** Integers whose width depends on their value: LEB128, plain and zigzag, and decimal digits up to a delimiter. */
import { doesNotFit, type Integer, incomplete, invalid, two32 } from './integers.ts';

/** 64 bits take at most ten groups of seven. */
const maxVarintBytes = 10;
/** More digits than this are no longer exact in a number. */
const maxDigits = 15;
const [zero, nine] = [0x30, 0x39];

/** Unsigned LEB128. Halves hold all 64 bits. */
export const uleb128: Integer = {
  name: 'uleb128',
  width: 0,
  signed: false,
  max: Number.MAX_SAFE_INTEGER,
  size: varintSize,
  read: (bytes, at) => varintHigh(bytes, at) * two32 + varintLow(bytes, at),
  low: varintLow,
  high: varintHigh,
  encode: (value) => {
    if (!Number.isSafeInteger(value) || value < 0) throw doesNotFit(value, 'uleb128');
    return encodeVarint(Math.floor(value / two32), value >>> 0);
  },
  encodeHalves: encodeVarint,
};

/** LEB128 of protobuf's sint types: 0, -1, 1, -2 are 0, 1, 2, 3. */
export const zigzag: Integer = {
  ...uleb128,
  name: 'zigzag',
  signed: true,
  max: 2 ** 52 - 1,
  read: (bytes, at) => (zigzagHigh(bytes, at) | 0) * two32 + zigzagLow(bytes, at),
  low: zigzagLow,
  high: zigzagHigh,
  encode: (value) => uleb128.encode(value < 0 ? -2 * value - 1 : 2 * value),
  encodeHalves: (high, low) => {
    const sign = (high | 0) >> 31;
    return encodeVarint(((high << 1) | (low >>> 31)) ^ sign, (low << 1) ^ sign);
  },
};

/** Protobuf's int32, int64, bool and enums: LEB128 of the two's complement in 64 bits. */
export const int64Varint: Integer = {
  ...uleb128,
  name: 'int64',
  signed: true,
  read: (bytes, at) => (varintHigh(bytes, at) | 0) * two32 + varintLow(bytes, at),
  encode: (value) => {
    if (!Number.isSafeInteger(value)) throw doesNotFit(value, 'int64');
    return encodeVarint(Math.floor(value / two32) >>> 0, value >>> 0);
  },
};

/** Decimal digits, then the delimiter, which belongs to the field. */
export function asciiDecimal(until: Buffer): Integer {
  const read = (bytes: Buffer, at: number): number => {
    let value = 0;
    for (let next = at; isDigit(bytes.readUInt8(next)); next++) value = value * 10 + bytes.readUInt8(next) - zero;
    return value;
  };
  const encode = (value: number): Buffer => {
    if (!Number.isSafeInteger(value) || value < 0 || value > 10 ** maxDigits - 1)
      throw doesNotFit(value, 'ascii-decimal');
    return Buffer.concat([Buffer.from(String(value), 'latin1'), until]);
  };
  return {
    name: 'ascii-decimal',
    width: 0,
    signed: false,
    max: 10 ** maxDigits - 1,
    size: (bytes, at, end) => digitsSize(bytes, at, end, until),
    read,
    low: (bytes, at) => read(bytes, at) >>> 0,
    high: (bytes, at) => Math.floor(read(bytes, at) / two32),
    encode,
    encodeHalves: (high, low) => encode(high * two32 + low),
  };
}

function digitsSize(bytes: Buffer, at: number, end: number, until: Buffer): number {
  let next = at;
  while (next < end && isDigit(bytes.readUInt8(next))) {
    next++;
    if (next - at > maxDigits) return invalid;
  }
  if (next >= end) return incomplete;
  if (next === at) return invalid;
  for (let index = 0; index < until.length; index++) {
    if (next + index >= end) return incomplete;
    if (bytes[next + index] !== until[index]) return invalid;
  }
  return next + until.length - at;
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

function varintSize(bytes: Buffer, at: number, end: number): number {
  for (let next = at; next < end; next++) {
    if (next - at >= maxVarintBytes) return invalid;
    if (bytes.readUInt8(next) < 0x80) return next - at + 1;
  }
  return end - at >= maxVarintBytes ? invalid : incomplete;
}

function varintLow(bytes: Buffer, at: number): number {
  let value = 0;
  for (let shift = 0, next = at; shift < 32; shift += 7, next++) {
    const byte = bytes.readUInt8(next);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value >>> 0;
}

/** Groups 4 to 9; group 4 gives its upper three bits. */
function varintHigh(bytes: Buffer, at: number): number {
  for (let next = at; next < at + 4; next++) if (bytes.readUInt8(next) < 0x80) return 0;
  let byte = bytes.readUInt8(at + 4);
  let value = (byte & 0x7f) >>> 4;
  for (let shift = 3, next = at + 5; byte >= 0x80 && shift < 32; shift += 7, next++) {
    byte = bytes.readUInt8(next);
    value |= (byte & 0x7f) << shift;
  }
  return value >>> 0;
}

function zigzagLow(bytes: Buffer, at: number): number {
  const low = varintLow(bytes, at);
  return (((low >>> 1) | (varintHigh(bytes, at) << 31)) ^ -(low & 1)) >>> 0;
}

function zigzagHigh(bytes: Buffer, at: number): number {
  return ((varintHigh(bytes, at) >>> 1) ^ -(varintLow(bytes, at) & 1)) >>> 0;
}

function encodeVarint(high: number, low: number): Buffer {
  const groups: number[] = [];
  let [upper, lower] = [high >>> 0, low >>> 0];
  while (upper !== 0 || lower > 0x7f) {
    groups.push((lower & 0x7f) | 0x80);
    lower = ((lower >>> 7) | (upper << 25)) >>> 0;
    upper >>>= 7;
  }
  groups.push(lower);
  return Buffer.from(groups);
}
