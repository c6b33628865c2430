/**
 * The protobuf JSON mapping for every message that the descriptor holds.
 *
 *   message --toJson--> JSON in lowerCamelCase, keys in order of field number, defaults left out
 *   JSON or YAML, lowerCamelCase or snake_case --fromJson--> message
 *   Any --unwrapAny--> the Any of the real message, where it came as a TypedStruct
 *
 * An Any of a known type is unrolled beside `@type`, at any depth; bytes of a type that this build does not know stay
 * base64 under `value`. Reading is strict: a wrong type, a field set twice, two members of a oneof or an unknown field
 * is a ProtoJsonError that names the path; `onUnknown` makes unknown fields and types a report instead. Nothing here
 * throws for the content of a message that decodes.
 */
import type protobuf from 'protobufjs/light.js';
import { type FieldPlan, messagePlan } from './json-plan.ts';
import { readScalar, writeScalar } from './json-scalars.ts';
import { asObject, type JsonObject, type JsonValue, ProtoJsonError, readBytes, sorted } from './json-value.ts';
import { isWellKnown, readWellKnown, writeWellKnown } from './json-well-known.ts';
import { type Any, decode, encode, type Message, type MessageName, messageName, messageType } from './messages.ts';

export { type JsonValue, ProtoJsonError } from './json-value.ts';

/** Beyond it, JSON is refused and a nested Any is left in base64: as deep as protobuf's own limit. */
const MAX_DEPTH = 100;

export interface FromJsonOptions {
  /**
   * Called with the path of a field or type that this build does not know; the field is then left out, and an Any of
   * an unknown type kept as a TypedStruct. Without it, both are errors.
   */
  readonly onUnknown?: (path: string, what: 'field' | 'type') => void;
}

interface Reading extends FromJsonOptions {
  readonly depth: number;
}

export function toJson<N extends MessageName>(name: N, message: Message<N>): JsonValue {
  return writeMessage(messageType(name), message, 0);
}

/** @throws ProtoJsonError */
export function fromJson<N extends MessageName>(name: N, json: unknown, options: FromJsonOptions = {}): Message<N> {
  return readMessage(messageType(name), json, '', { ...options, depth: 0 });
}

/**
 * The Any of the message that a udpa.type.v1.TypedStruct or xds.type.v3.TypedStruct stands for. An Any of another
 * type, or a TypedStruct whose type this build does not know, is returned as it is.
 * @throws ProtoJsonError when the struct does not fit its type; the protobuf decoder's error for malformed bytes
 */
export function unwrapAny(any: Any, options: FromJsonOptions = {}): Any {
  const wrapper = messageName(any.type_url ?? '');
  if (wrapper !== 'udpa.type.v1.TypedStruct' && wrapper !== 'xds.type.v3.TypedStruct') return any;
  const typed = decode(wrapper, any.value ?? new Uint8Array());
  const name = messageName(typed.typeUrl ?? '');
  if (name === undefined) return any;
  const json = toJson('google.protobuf.Struct', typed.value ?? {});
  return { type_url: typed.typeUrl, value: encode(name, fromJson(name, json, options)) };
}

function writeMessage(type: protobuf.Type, message: object, depth: number): JsonValue {
  const plan = messagePlan(type);
  if (plan.name === 'google.protobuf.Any') return writeAny(message, depth);
  if (isWellKnown(plan.name)) return writeWellKnown(plan.name, message);
  const json: [string, JsonValue][] = [];
  for (const field of plan.fields) {
    const value = Object.hasOwn(message, field.name) ? Reflect.get(message, field.name) : undefined;
    if (value === undefined || value === null) continue;
    const written = writeField(field, value, depth + 1);
    if (written !== undefined) json.push([field.jsonName, written]);
  }
  return Object.fromEntries(json);
}

/** Undefined for what the mapping leaves out: empty lists and maps, and defaults of fields without presence. */
function writeField(field: FieldPlan, value: unknown, depth: number): JsonValue | undefined {
  if (isDefault(field, value)) return undefined;
  if (field.shape === 'list') return Array.isArray(value) ? value.map((item) => writeValue(field, item, depth)) : [];
  if (field.shape === 'map') {
    const entries = sorted(Object.entries(typeof value === 'object' && value !== null ? value : {}));
    return Object.fromEntries(entries.map(([key, item]) => [key, writeValue(field, item, depth)]));
  }
  return writeValue(field, value, depth);
}

/** What neither JSON nor canonical bytes hold: an empty list or map, a scalar's default where presence means nothing. */
function isDefault(field: FieldPlan, value: unknown): boolean {
  if (field.shape === 'list') return Array.isArray(value) && value.length === 0;
  if (field.shape === 'map') return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  if (field.presence || field.message !== undefined) return false;
  return value === '' || value === false || value === 0 || (value instanceof Uint8Array && value.length === 0);
}

function writeValue(field: FieldPlan, value: unknown, depth: number): JsonValue {
  if (field.message === undefined) return writeScalar(field, value);
  return writeMessage(field.message, typeof value === 'object' && value !== null ? value : {}, depth);
}

function writeAny(any: Any, depth: number): JsonValue {
  const url = any.type_url ?? '';
  const bytes = any.value ?? new Uint8Array();
  if (url === '' && bytes.length === 0) return {};
  const opaque = { '@type': url, value: Buffer.from(bytes).toString('base64') };
  const name = messageName(url);
  if (name === undefined || depth > MAX_DEPTH) return opaque;
  let message: object;
  try {
    message = decode(name, bytes);
  } catch {
    return opaque;
  }
  const json = writeMessage(messageType(name), message, depth + 1);
  if (name === 'google.protobuf.Any' || isWellKnown(name) || !isObject(json)) return { '@type': url, value: json };
  return { '@type': url, ...json };
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function readMessage(type: protobuf.Type, json: unknown, path: string, reading: Reading): protobuf.Message {
  if (reading.depth > MAX_DEPTH) throw new ProtoJsonError(path, `nested deeper than ${MAX_DEPTH}`);
  const plan = messagePlan(type);
  if (isWellKnown(plan.name)) return type.create(readWellKnown(plan.name, json, path));
  const object = asObject(json, path);
  const inner = { ...reading, depth: reading.depth + 1 };
  if (plan.name === 'google.protobuf.Any') return type.create(readAny(object, path, inner));
  const values = new Map<string, unknown>();
  const oneofs = new Map<string, string>();
  const seen = new Set<string>();
  for (const [key, value] of Object.entries(object)) {
    const at = path === '' ? key : `${path}.${key}`;
    const field = plan.byKey.get(key);
    if (field === undefined) reportUnknown(reading, at, 'field', `${plan.name} has no such field`);
    else if (value !== null || field.acceptsNull) {
      if (seen.has(field.name)) throw new ProtoJsonError(at, 'written twice, in camelCase and in snake_case');
      seen.add(field.name);
      claimOneof(field, at, oneofs);
      const read = readField(field, value, at, inner);
      if (!isDefault(field, read)) values.set(field.name, read);
    }
  }
  return type.create(Object.fromEntries(values));
}

function claimOneof(field: FieldPlan, at: string, oneofs: Map<string, string>): void {
  if (field.oneof === undefined) return;
  const other = oneofs.get(field.oneof);
  if (other !== undefined) throw new ProtoJsonError(at, `cannot be set together with ${other}`);
  oneofs.set(field.oneof, field.jsonName);
}

function readField(field: FieldPlan, json: unknown, path: string, reading: Reading): unknown {
  if (field.shape === 'list') {
    if (!Array.isArray(json)) throw new ProtoJsonError(path, 'must be a list');
    return json.map((item: unknown, index) => readValue(field, item, `${path}[${index}]`, reading));
  }
  if (field.shape === 'map') {
    const entries = Object.entries(asObject(json, path));
    return Object.fromEntries(
      sorted(entries).map(([key, item]) => [key, readValue(field, item, `${path}[${JSON.stringify(key)}]`, reading)]),
    );
  }
  return readValue(field, json, path, reading);
}

function readValue(field: FieldPlan, json: unknown, path: string, reading: Reading): unknown {
  if (json === null && !field.acceptsNull) throw new ProtoJsonError(path, 'must not be null');
  if (field.message === undefined) return readScalar(field, json, path);
  return readMessage(field.message, json, path, reading);
}

function readAny(object: JsonObject, path: string, reading: Reading): Any {
  const { '@type': url, ...fields } = object;
  if (url === undefined && Object.keys(fields).length === 0) return {};
  if (typeof url !== 'string' || url === '') throw new ProtoJsonError(path, 'must have "@type", the type URL');
  const name = messageName(url);
  if (name === undefined) return readUnknownAny(url, fields, path, reading);
  const wrapped = name === 'google.protobuf.Any' || isWellKnown(name);
  const inner = wrapped ? fields.value : fields;
  const at = wrapped ? `${path}.value` : path;
  return { type_url: url, value: encodeRead(messageType(name), inner, at, reading) };
}

function encodeRead(type: protobuf.Type, json: unknown, path: string, reading: Reading): Uint8Array {
  return type.encode(readMessage(type, json, path, reading)).finish();
}

function readUnknownAny(url: string, fields: JsonObject, path: string, reading: Reading): Any {
  const keys = Object.keys(fields);
  if (keys.length === 0) return { type_url: url };
  if (keys.length === 1 && typeof fields.value === 'string')
    return { type_url: url, value: readBytes(fields.value, `${path}.value`) };
  reportUnknown(reading, path, 'type', `of type ${url}, which is unknown here`);
  const value = fromJson('google.protobuf.Struct', fields);
  return {
    type_url: 'type.googleapis.com/xds.type.v3.TypedStruct',
    value: encode('xds.type.v3.TypedStruct', { typeUrl: url, value }),
  };
}

function reportUnknown(reading: Reading, path: string, what: 'field' | 'type', message: string): void {
  if (reading.onUnknown === undefined) throw new ProtoJsonError(path, message);
  reading.onUnknown(path, what);
}
