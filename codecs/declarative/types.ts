/** The names of types in a description, such as `u32`, `string(u16)`, `bytes(16)`, `bit(0x20)`, `ascii-decimal(0d0a)`. */
import type { DocumentNode } from './document.ts';
import { type Endian, fixedInteger, fixedIntegerNames, type Integer } from './integers.ts';
import { asciiDecimal, uleb128, zigzag } from './variable-integers.ts';

export type WireType =
  | { readonly form: 'integer'; readonly integer: Integer }
  /** Some bits of an unsigned byte or of any other integer of up to 32 bits: (value & mask) >>> shift. */
  | { readonly form: 'bits'; readonly integer: Integer; readonly mask: number; readonly shift: number }
  | { readonly form: 'bytes'; readonly size: number }
  | { readonly form: 'string'; readonly prefix: Integer }
  | { readonly form: 'cstring' };

const stringTypes = 'string(u8|u16|u24|u32|uleb128), cstring';
const integerTypes = `${fixedIntegerNames.join(', ')}, uleb128, zigzag, ascii-decimal(<delimiter in hex>)`;

export function readWireType(node: DocumentNode, endian: Endian): WireType {
  const { name, argument } = split(node.text());
  const integer = integerOf(name, argument, endian);
  if (integer !== undefined) return { form: 'integer', integer };
  if (name === 'cstring' && argument === undefined) return { form: 'cstring' };
  if (name === 'bytes' && argument !== undefined && /^[1-9]\d{0,4}$/.test(argument)) {
    return { form: 'bytes', size: Number(argument) };
  }
  const prefix = name === 'string' && argument !== undefined ? lengthPrefix(argument, endian) : undefined;
  if (prefix !== undefined) return { form: 'string', prefix };
  const bits = name === 'bit' && argument !== undefined ? bitsOf(argument) : undefined;
  if (bits !== undefined) return bits;
  node.problem(
    `"${name}" is no type${argument === undefined ? '' : ` with the argument "${argument}"`}.`,
    `Use one of ${integerTypes}, bytes(<n>), bit(<mask>[, <shift>]), ${stringTypes}.`,
  );
  return { form: 'integer', integer: fixedInteger('u8', endian) };
}

/** A type that must be an integer: a length, a count, a tag. */
export function readIntegerType(node: DocumentNode, endian: Endian): Integer {
  const { name, argument } = split(node.text());
  const integer = integerOf(name, argument, endian);
  if (integer !== undefined) return integer;
  node.problem(`"${name}" is no integer type.`, `Use one of ${integerTypes}.`);
  return fixedInteger('u8', endian);
}

/** A type that must be a string: a key or a value. */
export function readStringType(node: DocumentNode, endian: Endian): WireType & { form: 'string' | 'cstring' } {
  const { name, argument } = split(node.text());
  if (name === 'cstring' && argument === undefined) return { form: 'cstring' };
  const prefix = name === 'string' && argument !== undefined ? lengthPrefix(argument, endian) : undefined;
  if (prefix === undefined) node.problem(`"${name}" is no string type.`, `Use one of ${stringTypes}.`);
  return { form: 'string', prefix: prefix ?? fixedInteger('u8', endian) };
}

function split(text: string): { readonly name: string; readonly argument: string | undefined } {
  const parts = /^([a-z0-9-]+)\s*(?:\(([^()]*)\))?$/.exec(text);
  return { name: parts?.[1] ?? text, argument: parts?.[2]?.trim() };
}

function integerOf(name: string, argument: string | undefined, endian: Endian): Integer | undefined {
  if (name === 'ascii-decimal') {
    const valid = argument !== undefined && /^([0-9a-fA-F]{2}){1,8}$/.test(argument) && !/^3[0-9]/.test(argument);
    return valid ? asciiDecimal(Buffer.from(argument, 'hex')) : undefined;
  }
  if (argument !== undefined) return undefined;
  if (name === 'uleb128') return uleb128;
  if (name === 'zigzag') return zigzag;
  const fixed = fixedIntegerNames.find((one) => one === name);
  return fixed === undefined ? undefined : fixedInteger(fixed, endian);
}

function lengthPrefix(name: string, endian: Endian): Integer | undefined {
  return ['u8', 'u16', 'u24', 'u32', 'uleb128'].includes(name) ? integerOf(name, undefined, endian) : undefined;
}

function bitsOf(argument: string): WireType | undefined {
  const parts = /^(0x[0-9a-fA-F]{1,2}|\d{1,3})(?:\s*,\s*(\d))?$/.exec(argument);
  const mask = Number(parts?.[1]);
  if (!(mask >= 1 && mask <= 255)) return undefined;
  const shift = parts?.[2] === undefined ? Math.clz32(mask & -mask) ^ 31 : Number(parts[2]);
  return { form: 'bits', integer: fixedInteger('u8', 'big'), mask, shift };
}
