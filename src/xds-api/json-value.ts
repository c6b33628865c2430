/** What the JSON mapping reads and writes, and the error with which it refuses. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** JSON that does not fit its message. `path` is that of the JSON, with its own spelling of the keys. */
export class ProtoJsonError extends Error {
  readonly path: string;

  constructor(path: string, reason: string) {
    super(path === '' ? reason : `${path}: ${reason}`);
    this.name = 'ProtoJsonError';
    this.path = path;
  }
}

function isJsonObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !ArrayBuffer.isView(json);
}

export function asObject(json: unknown, path: string): JsonObject {
  if (!isJsonObject(json)) throw new ProtoJsonError(path, `must be an object, not ${describe(json)}`);
  return json;
}

/** By key, in code units: the same order everywhere. */
export function sorted<T>(entries: readonly (readonly [string, T])[]): (readonly [string, T])[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Standard or URL-safe base64, padded or not. */
export function readBytes(json: unknown, path: string): Uint8Array {
  if (typeof json !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(json))
    throw new ProtoJsonError(path, 'must be bytes in base64');
  return Buffer.from(json, 'base64');
}

export function describe(json: unknown): string {
  if (json === null) return 'null';
  if (Array.isArray(json)) return 'a list';
  if (typeof json === 'object') return 'an object';
  return typeof json === 'string' ? JSON.stringify(json.slice(0, 60)) : String(json);
}
