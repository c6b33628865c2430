/** The messages of google.protobuf that JSON has a spelling of its own for: durations, times, wrappers, free JSON. */
import { readScalar, writeScalar } from './json-scalars.ts';
import { asObject, describe, type JsonValue, ProtoJsonError, sorted } from './json-value.ts';
import type { google } from './messages.ts';

const WRAPPERS: Readonly<Record<string, string>> = {
  'google.protobuf.DoubleValue': 'double',
  'google.protobuf.UInt64Value': 'uint64',
  'google.protobuf.UInt32Value': 'uint32',
  'google.protobuf.BoolValue': 'bool',
};
const WELL_KNOWN = new Set([
  ...Object.keys(WRAPPERS),
  'google.protobuf.Duration',
  'google.protobuf.Timestamp',
  'google.protobuf.Struct',
  'google.protobuf.Value',
  'google.protobuf.ListValue',
]);
const MAX_DURATION_SECONDS = 315_576_000_000;
/** A level of free JSON is two messages: what is read here must stay below the decoder's own limit of 100. */
const MAX_STRUCT_DEPTH = 40;

export function isWellKnown(name: string): boolean {
  return WELL_KNOWN.has(name);
}

export function writeWellKnown(name: string, message: object): JsonValue {
  switch (name) {
    case 'google.protobuf.Duration':
      return writeDuration(message);
    case 'google.protobuf.Timestamp':
      return writeTimestamp(message);
    case 'google.protobuf.Struct':
      return writeStruct(message);
    case 'google.protobuf.Value':
      return writeFree(message);
    case 'google.protobuf.ListValue':
      return writeList(message);
    default:
      return writeScalar({ scalar: WRAPPERS[name] ?? '', enumeration: undefined }, Reflect.get(message, 'value') ?? 0);
  }
}

export function readWellKnown(name: string, json: unknown, path: string): Record<string, unknown> {
  switch (name) {
    case 'google.protobuf.Duration':
      return { ...readDuration(json, path) };
    case 'google.protobuf.Timestamp':
      return { ...readTimestamp(json, path) };
    case 'google.protobuf.Struct':
      return { ...readStruct(json, path, 0) };
    case 'google.protobuf.Value':
      return { ...readFree(json, path, 0) };
    case 'google.protobuf.ListValue':
      return { ...readList(json, path, 0) };
    default:
      return readWrapper(WRAPPERS[name] ?? '', json, path);
  }
}

function readWrapper(scalar: string, json: unknown, path: string): { value?: unknown } {
  const value = readScalar({ scalar, enumeration: undefined }, json, path);
  return value === 0 || value === false ? {} : { value };
}

/** Nothing, or a dot and three, six or nine digits. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  return `.${String(nanos)
    .padStart(9, '0')
    .replace(/(000){1,2}$/, '')}`;
}

function writeDuration({ seconds = 0, nanos = 0 }: google.protobuf.Duration): string {
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  return `${sign}${Math.abs(seconds)}${fraction(Math.abs(nanos))}s`;
}

function readDuration(json: unknown, path: string): google.protobuf.Duration {
  const parts = typeof json === 'string' ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(json) : null;
  const seconds = Number(parts?.[2] ?? Number.NaN);
  if (parts === null || !(seconds <= MAX_DURATION_SECONDS))
    throw new ProtoJsonError(path, `must be a duration in seconds such as "1.5s", not ${describe(json)}`);
  const sign = parts[1] === '-' ? -1 : 1;
  return withoutZeros(sign * seconds, sign * nanosOf(parts[3]));
}

function nanosOf(digits: string | undefined): number {
  return Number((digits ?? '').padEnd(9, '0'));
}

function withoutZeros(seconds: number, nanos: number): { seconds?: number; nanos?: number } {
  return { ...(seconds === 0 ? {} : { seconds }), ...(nanos === 0 ? {} : { nanos }) };
}

function writeTimestamp({ seconds = 0, nanos = 0 }: google.protobuf.Timestamp): string {
  const date = new Date(seconds * 1000);
  // Beyond what a Date holds, the number says more than an error would.
  if (Number.isNaN(date.getTime())) return String(seconds);
  return date.toISOString().replace(/\.\d+Z$/, `${fraction(nanos)}Z`);
}

function readTimestamp(json: unknown, path: string): google.protobuf.Timestamp {
  const parts =
    typeof json === 'string'
      ? /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/.exec(json)
      : null;
  const time = parts === null ? Number.NaN : Date.parse(`${parts[1]}${parts[3]}`);
  if (Number.isNaN(time)) throw new ProtoJsonError(path, `must be an RFC 3339 time, not ${describe(json)}`);
  return withoutZeros(time / 1000, nanosOf(parts?.[2]));
}

function writeStruct({ fields = {} }: google.protobuf.Struct): JsonValue {
  return Object.fromEntries(sorted(Object.entries(fields)).map(([key, value]) => [key, writeFree(value)]));
}

function writeList({ values = [] }: google.protobuf.ListValue): JsonValue {
  return values.map(writeFree);
}

function writeFree(value: google.protobuf.Value): JsonValue {
  const own = (name: keyof google.protobuf.Value): boolean => Object.hasOwn(value, name);
  if (own('stringValue')) return value.stringValue ?? '';
  if (own('numberValue')) return writeScalar({ scalar: 'double', enumeration: undefined }, value.numberValue ?? 0);
  if (own('boolValue')) return value.boolValue ?? false;
  if (own('structValue')) return writeStruct(value.structValue ?? {});
  if (own('listValue')) return writeList(value.listValue ?? {});
  return null;
}

function readStruct(json: unknown, path: string, depth: number): google.protobuf.Struct {
  const entries = sorted(Object.entries(asObject(json, path)));
  if (entries.length === 0) return {};
  return {
    fields: Object.fromEntries(entries.map(([key, value]) => [key, readFree(value, `${path}.${key}`, depth + 1)])),
  };
}

function readList(json: unknown, path: string, depth: number): google.protobuf.ListValue {
  if (!Array.isArray(json)) throw new ProtoJsonError(path, `must be a list, not ${describe(json)}`);
  if (json.length === 0) return {};
  return { values: json.map((item: unknown, index) => readFree(item, `${path}[${index}]`, depth + 1)) };
}

function readFree(json: unknown, path: string, depth: number): google.protobuf.Value {
  if (depth > MAX_STRUCT_DEPTH) throw new ProtoJsonError(path, `nested deeper than ${MAX_STRUCT_DEPTH}`);
  if (json === null) return { nullValue: 0 };
  if (typeof json === 'string') return { stringValue: json };
  if (typeof json === 'number') return { numberValue: json };
  if (typeof json === 'boolean') return { boolValue: json };
  if (Array.isArray(json)) return { listValue: readList(json, path, depth) };
  return { structValue: readStruct(json, path, depth) };
}
