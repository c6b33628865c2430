/**
 * Finds the end of a struct, for messages without a frame: only the structure says how long they are. It reads no values,
 * takes nested structs on a stack of its own, and can go on where it ran out of bytes, so that a large message that
 * arrives in many pieces is walked through once.
 */
import { CodecError } from '../codec.ts';
import { Protocol } from './flavour.ts';
import { VarintReader } from './varint.ts';

const maxDepth = 64;

/** What a level of the stack is in the middle of. */
const Level = { struct: 0, elements: 1, map: 2 } as const;

const ttype = {
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
  uuid: 16,
};
const ctype = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
  uuid: 13,
};

/** Bytes of a value by its type in binary messages; 0 for what has no fixed size. */
const binaryWidths: readonly number[] = [0, 0, 1, 1, 8, 0, 2, 0, 4, 0, 8, 0, 0, 0, 0, 0, 16];

export class StructSkipper {
  readonly #varints = new VarintReader();
  /** The stack, level by level; it grows once to the depth of the deepest message. */
  readonly #levels: number[] = [];
  readonly #types: number[] = [];
  readonly #valueTypes: number[] = [];
  readonly #remaining: number[] = [];
  #compact = false;
  #depth = 0;
  #at = 0;
  #maxBytes = 0;

  /** Begins with a struct at this offset from the message's start. */
  begin(protocol: Protocol, offset: number, maxBytes: number): void {
    this.#compact = protocol === Protocol.compact;
    this.#at = offset;
    this.#maxBytes = maxBytes;
    this.#depth = 0;
    this.#push(Level.struct, 0, 0, 0);
  }

  /** Offset from the message's start: where the struct ends, once `skip` says so; until then, how far it has come. */
  get offset(): number {
    return this.#at;
  }

  /** True: the struct ends at `offset`. False: more bytes are needed. Throws CodecError. */
  skip(bytes: Buffer, start: number, end: number): boolean {
    while (this.#depth > 0) {
      const top = this.#depth - 1;
      const isComplete =
        this.#levels[top] === Level.struct ? this.#skipField(bytes, start, end) : this.#skipElement(bytes, start, end);
      if (!isComplete) return false;
    }
    return true;
  }

  #push(level: number, type: number, valueType: number, remaining: number): void {
    if (this.#depth === maxDepth)
      throw new CodecError('malformed', `The message nests deeper than ${maxDepth} levels.`);
    this.#levels[this.#depth] = level;
    this.#types[this.#depth] = type;
    this.#valueTypes[this.#depth] = valueType;
    this.#remaining[this.#depth] = remaining;
    this.#depth++;
  }

  /** One field of the struct on top, or its end. Where bytes are missing, nothing has moved. */
  #skipField(bytes: Buffer, start: number, end: number): boolean {
    const before = this.#at;
    const at = start + before;
    if (at >= end) return false;
    const head = bytes[at] ?? 0;
    if (head === ttype.stop) {
      this.#at = before + 1;
      this.#depth--;
      return true;
    }
    const type = this.#compact ? head & 0x0f : head;
    const valueAt = this.#compact ? this.#compactFieldEnd(bytes, at, end, head) : at + 3;
    if (valueAt < 0 || valueAt > end) return false;
    this.#at = valueAt - start;
    const isInHead = this.#compact && (type === ctype.true || type === ctype.false);
    if (isInHead || this.#skipValue(bytes, start, end, type)) return true;
    this.#at = before;
    return false;
  }

  /** Behind a compact field's head; -1 where bytes are missing. */
  #compactFieldEnd(bytes: Buffer, at: number, end: number, head: number): number {
    if (head >> 4 !== 0) return at + 1;
    return this.#varints.read(bytes, at + 1, end) ? this.#varints.next : -1;
  }

  #skipElement(bytes: Buffer, start: number, end: number): boolean {
    const top = this.#depth - 1;
    const remaining = this.#remaining[top] ?? 0;
    if (remaining === 0) {
      this.#depth--;
      return true;
    }
    const isValue = this.#levels[top] === Level.map && remaining % 2 === 1;
    const type = (isValue ? this.#valueTypes[top] : this.#types[top]) ?? 0;
    // A nested value goes on top of this level, which has to know by then that one element less is to come.
    this.#remaining[top] = remaining - 1;
    if (this.#skipValue(bytes, start, end, type)) return true;
    this.#remaining[top] = remaining;
    return false;
  }

  #skipValue(bytes: Buffer, start: number, end: number, type: number): boolean {
    return this.#compact ? this.#skipCompact(bytes, start, end, type) : this.#skipBinary(bytes, start, end, type);
  }

  #skipBinary(bytes: Buffer, start: number, end: number, type: number): boolean {
    const width = binaryWidths[type] ?? 0;
    if (width > 0) return this.#advance(width, start, end);
    const at = start + this.#at;
    switch (type) {
      case ttype.string:
        return end - at >= 4 && this.#advance(4 + this.#checked(bytes.readUInt32BE(at)), start, end);
      case ttype.struct:
        this.#push(Level.struct, 0, 0, 0);
        return true;
      case ttype.list:
      case ttype.set:
        if (end - at < 5) return false;
        return this.#enterElements(bytes[at] ?? 0, bytes.readUInt32BE(at + 1), 5);
      case ttype.map:
        if (end - at < 6) return false;
        return this.#enterMap(bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes.readUInt32BE(at + 2), 6);
      default:
        throw new CodecError('malformed', `The message holds a value of the unknown type ${type}.`);
    }
  }

  #skipCompact(bytes: Buffer, start: number, end: number, type: number): boolean {
    const at = start + this.#at;
    switch (type) {
      case ctype.true:
      case ctype.false:
      case ctype.byte:
        return this.#advance(1, start, end);
      case ctype.i16:
      case ctype.i32:
      case ctype.i64:
        return this.#skipVarint(bytes, start, end);
      case ctype.double:
        return this.#advance(8, start, end);
      case ctype.uuid:
        return this.#advance(16, start, end);
      case ctype.binary:
        if (!this.#varints.read(bytes, at, end)) return false;
        return this.#advance(this.#varints.next - at + this.#checked(this.#varints.value), start, end);
      case ctype.struct:
        this.#push(Level.struct, 0, 0, 0);
        return true;
      case ctype.list:
      case ctype.set:
        return this.#enterCompactList(bytes, at, end);
      case ctype.map:
        return this.#enterCompactMap(bytes, at, end);
      default:
        throw new CodecError('malformed', `The message holds a value of the unknown type ${type}.`);
    }
  }

  #enterCompactList(bytes: Buffer, at: number, end: number): boolean {
    if (at >= end) return false;
    const head = bytes[at] ?? 0;
    if (head >> 4 !== 0x0f) return this.#enterElements(head & 0x0f, head >> 4, 1);
    if (!this.#varints.read(bytes, at + 1, end)) return false;
    return this.#enterElements(head & 0x0f, this.#varints.value, this.#varints.next - at);
  }

  #enterCompactMap(bytes: Buffer, at: number, end: number): boolean {
    if (!this.#varints.read(bytes, at, end)) return false;
    const size = this.#varints.value;
    const headBytes = this.#varints.next - at;
    if (size === 0) {
      this.#at += headBytes;
      return true;
    }
    if (at + headBytes >= end) return false;
    const types = bytes[at + headBytes] ?? 0;
    return this.#enterMap(types >> 4, types & 0x0f, size, headBytes + 1);
  }

  #enterElements(type: number, count: number, headBytes: number): boolean {
    this.#checked(count);
    this.#at += headBytes;
    if (count > 0) this.#push(Level.elements, type, 0, count);
    return true;
  }

  #enterMap(keyType: number, valueType: number, count: number, headBytes: number): boolean {
    this.#checked(count);
    this.#at += headBytes;
    if (count > 0) this.#push(Level.map, keyType, valueType, 2 * count);
    return true;
  }

  #skipVarint(bytes: Buffer, start: number, end: number): boolean {
    const at = start + this.#at;
    for (let i = 0; i < 10; i++) {
      if (at + i >= end) return false;
      if ((bytes[at + i] ?? 0) < 0x80) return this.#advance(i + 1, start, end);
    }
    throw new CodecError('malformed', 'A number has more than 64 bits.');
  }

  #advance(count: number, start: number, end: number): boolean {
    if (end - start - this.#at < count) return false;
    this.#at += count;
    return true;
  }

  /** Each element has a byte at least, so that a count or a length beyond the frame's bound is never true. */
  #checked(count: number): number {
    if (count > this.#maxBytes - this.#at)
      throw new CodecError('too-large', `A value says that it has ${count} bytes or elements.`);
    return count;
  }
}
