/**
 * Walks over values of Hessian 2 without reading them: only its structure says where a value ends. It keeps the three
 * tables that values refer to by number (classes, types, objects), of which a walk needs the number of fields of a class,
 * and how many types and objects there are. Nesting stands on a stack of its own, each step takes a byte at least, and
 * nothing is believed that cannot be in the bytes that are left; what is malformed gives false, never an error.
 */
import { Form, forms, opcode } from './hessian-opcodes.ts';
import { isStringOpcode, readString, stringEnd } from './hessian-strings.ts';

const maxDepth = 4096;
const maxClasses = 4096;

/** Levels of the stack without a length: a list until Z, and a map whose next entry or whose value comes. */
const Until = { endOfList: -1, endOfMap: -2, mapValue: -3 } as const;

const nothing: Buffer = Buffer.alloc(0);

export class HessianWalker {
  /** Where the next value begins. */
  at = 0;
  end = 0;
  #bytes: Buffer = nothing;
  /** Values that are still to come, level by level; it grows once to the depth of the deepest value. */
  readonly #levels: number[] = [];
  #depth = 0;
  /** Fields of each class. */
  readonly #classes: number[] = [];
  #classCount = 0;
  #types = 0;
  #objects = 0;
  /** The number that was read last. */
  #number = 0;

  /** Before the values in bytes[at, end), with empty tables. */
  open(bytes: Buffer, at: number, end: number): this {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
    this.#classCount = 0;
    this.#types = 0;
    this.#objects = 0;
    return this;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** The next value's first byte; -1 where none is left. */
  get next(): number {
    return this.at < this.end ? (this.#bytes[this.at] ?? -1) : -1;
  }

  skipByte(): void {
    this.at++;
  }

  /** Over a string, or null in its place. */
  skipString(): boolean {
    if (this.next === opcode.null) {
      this.at++;
      return true;
    }
    return this.#passString();
  }

  /** Reads a string; undefined where none is, or one that is too long to be of use. */
  readString(): string | undefined {
    const { at } = this;
    return this.#passString() ? readString(this.#bytes, at, this.at) : undefined;
  }

  /** Reads an int of any width; undefined where none is. */
  readInt(): number | undefined {
    return this.#passInt() ? this.#number : undefined;
  }

  /** Over the head of a map, so that keys and values follow one another until Z; false where no map begins. */
  enterMap(): boolean {
    const code = this.next;
    if (code !== opcode.map && code !== opcode.typedMap) return false;
    this.at++;
    if (code === opcode.typedMap && !this.#passType()) return false;
    this.#objects++;
    return true;
  }

  /** Over one value, whatever it is. */
  skip(): boolean {
    this.#depth = 0;
    do {
      if (!this.#begin()) return false;
    } while (this.#isWithin());
    return this.#depth === 0;
  }

  /** Whether a value has to follow. Leaves a level that cannot be where there is none, but should. */
  #isWithin(): boolean {
    while (this.#depth > 0) {
      const top = this.#depth - 1;
      const remaining = this.#levels[top] ?? 0;
      if (remaining > 0) {
        this.#levels[top] = remaining - 1;
        return true;
      }
      if (remaining < 0) {
        if (this.next !== opcode.end) {
          if (remaining === Until.endOfMap) this.#levels[top] = Until.mapValue;
          else if (remaining === Until.mapValue) this.#levels[top] = Until.endOfMap;
          return true;
        }
        if (remaining === Until.mapValue) return false;
        this.at++;
      }
      this.#depth = top;
    }
    return false;
  }

  /** Over a value that has no members, or over the head of one that has, whose members then stand on the stack. */
  #begin(): boolean {
    while (this.next === opcode.classDefinition) if (!this.#defineClass()) return false;
    if (this.at >= this.end) return false;
    const code = this.#bytes[this.at] ?? 0;
    const form = forms[code] ?? Form.none;
    if (form < Form.string) return this.#pass(1 + form);
    if (form === Form.string) return this.#passString();
    if (form <= Form.binaryChunk) return this.#passBinary();
    this.at++;
    if (form === Form.reference) return this.#passInt() && this.#number >= 0 && this.#number < this.#objects;
    return this.#enter(code, form);
  }

  #enter(code: number, form: number): boolean {
    switch (form) {
      case Form.object:
        return this.#passInt() && this.#enterObject(this.#number);
      case Form.shortObject:
        return this.#enterObject(code & 0x0f);
      case Form.map:
        return this.#push(Until.endOfMap);
      case Form.typedMap:
        return this.#passType() && this.#push(Until.endOfMap);
      case Form.openList:
        return this.#push(Until.endOfList);
      case Form.typedOpenList:
        return this.#passType() && this.#push(Until.endOfList);
      case Form.list:
        return this.#passInt() && this.#pushList(this.#number);
      case Form.typedList:
        return this.#passType() && this.#passInt() && this.#pushList(this.#number);
      case Form.shortList:
        return this.#push(code & 0x07);
      case Form.shortTypedList:
        return this.#passType() && this.#push(code & 0x07);
      default:
        return false;
    }
  }

  /** A list, map or object begins, which later values may refer to. */
  #push(members: number): boolean {
    this.#objects++;
    if (members === 0) return true;
    // Each has a byte at least.
    if (members > this.end - this.at || this.#depth === maxDepth) return false;
    this.#levels[this.#depth++] = members;
    return true;
  }

  #pushList(length: number): boolean {
    return length >= 0 && this.#push(length);
  }

  #enterObject(number: number): boolean {
    return number >= 0 && number < this.#classCount && this.#push(this.#classes[number] ?? 0);
  }

  /** C, the class's name, the number of its fields, their names. */
  #defineClass(): boolean {
    this.at++;
    if (this.#classCount === maxClasses || !this.#passString() || !this.#passInt()) return false;
    const fields = this.#number;
    if (fields < 0 || fields > this.end - this.at) return false;
    for (let field = 0; field < fields; field++) if (!this.#passString()) return false;
    this.#classes[this.#classCount++] = fields;
    return true;
  }

  /** A name, which gets a number, or the number of an earlier one. */
  #passType(): boolean {
    if (isStringOpcode(this.next)) {
      this.#types++;
      return this.#passString();
    }
    return this.#passInt() && this.#number >= 0 && this.#number < this.#types;
  }

  #passInt(): boolean {
    const bytes = this.#bytes;
    const { at } = this;
    const code = this.next;
    if (code >= 0x80 && code <= 0xbf) {
      this.#number = code - 0x90;
      return this.#pass(1);
    }
    if (code >= 0xc0 && code <= 0xcf) {
      this.#number = ((code - 0xc8) << 8) | (bytes[at + 1] ?? 0);
      return this.#pass(2);
    }
    if (code >= 0xd0 && code <= 0xd7) {
      this.#number = ((code - 0xd4) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      return this.#pass(3);
    }
    if (code !== opcode.int32 || this.end - at < 5) return false;
    this.#number = bytes.readInt32BE(at + 1);
    return this.#pass(5);
  }

  #passString(): boolean {
    const end = stringEnd(this.#bytes, this.at, this.end);
    if (end < 0) return false;
    this.at = end;
    return true;
  }

  /** Chunks, of which the last may be a short one. */
  #passBinary(): boolean {
    for (;;) {
      const code = this.next;
      if (!this.#pass(this.#binaryBytes(code))) return false;
      if (code !== opcode.binaryChunk) return true;
    }
  }

  /** Bytes of one chunk and its head; infinitely many where none begins. */
  #binaryBytes(code: number): number {
    const second = this.#bytes[this.at + 1] ?? 0;
    switch (forms[code] ?? Form.none) {
      case Form.shortBinary:
        return 1 + (code & 0x0f);
      case Form.mediumBinary:
        return 2 + (((code & 0x03) << 8) | second);
      case Form.binaryChunk:
        return 3 + ((second << 8) | (this.#bytes[this.at + 2] ?? 0));
      default:
        return Number.POSITIVE_INFINITY;
    }
  }

  #pass(count: number): boolean {
    if (count > this.end - this.at) return false;
    this.at += count;
    return true;
  }
}
