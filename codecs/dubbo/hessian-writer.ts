/**
 * Writes Hessian 2 as Java's library does, with its three tables, for tests and benches: values of every form, nested and
 * shared. Nothing here is used by the codec.
 */
import { writeString } from './hessian-strings.ts';

/** A value; the same list, map or object object written twice is a reference the second time. */
export type HessianValue =
  | { readonly is: 'raw'; readonly bytes: readonly number[] }
  | { readonly is: 'string'; readonly text: string }
  | { readonly is: 'int'; readonly value: number }
  | { readonly is: 'binary'; readonly length: number }
  | HessianList
  | HessianMap
  | HessianObject;

interface HessianList {
  readonly is: 'list';
  readonly type?: string;
  /** Written until Z instead of with its length. */
  readonly open?: boolean;
  readonly items: readonly HessianValue[];
}

interface HessianMap {
  readonly is: 'map';
  readonly type?: string;
  readonly entries: readonly (readonly [HessianValue, HessianValue])[];
}

interface HessianObject {
  readonly is: 'object';
  readonly className: string;
  readonly fields: readonly (readonly [string, HessianValue])[];
}

export const text = (value: string): HessianValue => ({ is: 'string', text: value });

export class HessianWriter {
  readonly #pieces: Buffer[] = [];
  readonly #classes = new Map<string, number>();
  readonly #types = new Map<string, number>();
  readonly #objects = new Map<HessianValue, number>();

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  string(value: string): this {
    this.#pieces.push(writeString(value));
    return this;
  }

  int(value: number): this {
    if (value >= -16 && value <= 47) return this.#raw(0x90 + value);
    if (value >= -2048 && value <= 2047) return this.#raw(0xc8 + (value >> 8), value & 0xff);
    if (value >= -262144 && value <= 262143) return this.#raw(0xd4 + (value >> 16), (value >> 8) & 0xff, value & 0xff);
    const bytes = Buffer.alloc(5, 0x49);
    bytes.writeInt32BE(value, 1);
    this.#pieces.push(bytes);
    return this;
  }

  write(value: HessianValue): this {
    switch (value.is) {
      case 'raw':
        return this.#raw(...value.bytes);
      case 'string':
        return this.string(value.text);
      case 'int':
        return this.int(value.value);
      case 'binary':
        return this.#binary(value.length);
      case 'list':
      case 'map':
      case 'object':
        return this.#shared(value);
    }
  }

  #shared(value: HessianList | HessianMap | HessianObject): this {
    const known = this.#objects.get(value);
    if (known !== undefined) return this.#raw(0x51).int(known);
    if (value.is === 'object') return this.#object(value);
    this.#objects.set(value, this.#objects.size);
    return value.is === 'list' ? this.#list(value) : this.#map(value);
  }

  #list({ type, open = false, items }: HessianList): this {
    const { length } = items;
    if (open) {
      this.#raw(type === undefined ? 0x57 : 0x55).#type(type);
    } else if (length <= 7) this.#raw((type === undefined ? 0x78 : 0x70) + length).#type(type);
    else {
      this.#raw(type === undefined ? 0x58 : 0x56);
      this.#type(type).int(length);
    }
    for (const item of items) this.write(item);
    return open ? this.#raw(0x5a) : this;
  }

  #map({ type, entries }: HessianMap): this {
    this.#raw(type === undefined ? 0x48 : 0x4d).#type(type);
    for (const [key, value] of entries) this.write(key).write(value);
    return this.#raw(0x5a);
  }

  #object(value: HessianObject): this {
    const { className, fields } = value;
    const name = `${className}(${fields.map(([field]) => field).join()})`;
    let number = this.#classes.get(name);
    if (number === undefined) {
      number = this.#classes.size;
      this.#classes.set(name, number);
      this.#raw(0x43).string(className).int(fields.length);
      for (const [field] of fields) this.string(field);
    }
    if (number < 16) this.#raw(0x60 + number);
    else this.#raw(0x4f).int(number);
    this.#objects.set(value, this.#objects.size);
    for (const [, field] of fields) this.write(field);
    return this;
  }

  #type(type: string | undefined): this {
    if (type === undefined) return this;
    const known = this.#types.get(type);
    if (known !== undefined) return this.int(known);
    this.#types.set(type, this.#types.size);
    return this.string(type);
  }

  #binary(length: number): this {
    let left = length;
    for (; left > 0x8000; left -= 0x8000) this.#raw(0x41, 0x80, 0x00).#pieces.push(Buffer.alloc(0x8000, 0x5a));
    if (left <= 15) this.#raw(0x20 + left);
    else if (left <= 1023) this.#raw(0x34 + (left >> 8), left & 0xff);
    else this.#raw(0x42, left >> 8, left & 0xff);
    this.#pieces.push(Buffer.alloc(left, 0x5a));
    return this;
  }

  #raw(...bytes: readonly number[]): this {
    this.#pieces.push(Buffer.from(bytes));
    return this;
  }
}
