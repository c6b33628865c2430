/** Scalars and enums of the JSON mapping: 64-bit integers are strings, bytes base64, enums their names. */
import type { FieldPlan } from './json-plan.ts';
import { describe, type JsonValue, ProtoJsonError, readBytes } from './json-value.ts';

type ScalarField = Pick<FieldPlan, 'scalar' | 'enumeration'>;

const INTEGERS: Readonly<Record<string, readonly [minimum: number, maximum: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  sint32: [-(2 ** 31), 2 ** 31 - 1],
  sfixed32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  fixed32: [0, 2 ** 32 - 1],
  // Numbers in memory: what a number cannot hold exactly is refused when read.
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  sint64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  sfixed64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
  fixed64: [0, Number.MAX_SAFE_INTEGER],
};

export function writeScalar(field: ScalarField, value: unknown): JsonValue {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'number') {
    if (field.enumeration !== undefined) return field.enumeration.valuesById[value] ?? value;
    if (field.scalar.endsWith('64')) return String(value);
    return Number.isFinite(value) ? value : String(value);
  }
  return typeof value === 'boolean' ? value : String(value);
}

export function readScalar(field: ScalarField, json: unknown, path: string): unknown {
  if (field.enumeration !== undefined) return readEnum(field.enumeration, json, path);
  const integer = INTEGERS[field.scalar];
  if (integer !== undefined) return readInteger(json, integer, path);
  switch (field.scalar) {
    case 'string':
      if (typeof json === 'string') return json;
      throw new ProtoJsonError(path, `must be a string, not ${describe(json)}`);
    case 'bool':
      if (typeof json === 'boolean') return json;
      throw new ProtoJsonError(path, `must be true or false, not ${describe(json)}`);
    case 'bytes':
      return readBytes(json, path);
    default:
      return readDouble(json, path);
  }
}

function readEnum(enumeration: { readonly values: Record<string, number> }, json: unknown, path: string): number {
  if (typeof json === 'number' && Number.isInteger(json) && Math.abs(json) < 2 ** 31) return json;
  const number = typeof json === 'string' && Object.hasOwn(enumeration.values, json) && enumeration.values[json];
  if (typeof number === 'number') return number;
  throw new ProtoJsonError(path, `must be one of ${Object.keys(enumeration.values).join(', ')}, not ${describe(json)}`);
}

function readInteger(json: unknown, [minimum, maximum]: readonly [number, number], path: string): number {
  const number = typeof json === 'string' && /^-?\d{1,20}(\.0*)?$/.test(json) ? Number(json) : json;
  if (typeof number === 'number' && Number.isInteger(number) && number >= minimum && number <= maximum)
    return number === 0 ? 0 : number;
  throw new ProtoJsonError(path, `must be an integer from ${minimum} to ${maximum}, not ${describe(json)}`);
}

function readDouble(json: unknown, path: string): number {
  if (typeof json === 'number') return json;
  if (json === 'NaN' || json === 'Infinity' || json === '-Infinity') return Number(json);
  if (typeof json === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(json)) return Number(json);
  throw new ProtoJsonError(path, `must be a number, not ${describe(json)}`);
}
