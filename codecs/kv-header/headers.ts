/** The headers of kv-header frames: found, listed, set. Malformed headers and too many of them are no headers at all. */
import { isUtf8 } from 'node:buffer';
import { CodecError, type Mutation } from '../codec.ts';

const maxHeaders = 128;
const countBytes = 2;

interface Header {
  readonly start: number;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly end: number;
}

/** 2 for the key itself, 1 for one that differs only in upper and lower case, 0 for another. */
export type HeaderMatcher = (key: Buffer) => 0 | 1 | 2;

export function headerMatcher(name: string): HeaderMatcher {
  const exact = Buffer.from(name);
  const folded = fold(name);
  return (key) => (key.equals(exact) ? 2 : key.length === exact.length && fold(key.toString()) === folded ? 1 : 0);
}

function fold(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The last header of that name; an exact name goes before one in other letters. */
export function findHeader(bytes: Buffer, from: number, end: number, matches: HeaderMatcher): string | undefined {
  let best: { readonly match: number; readonly value: Buffer } | undefined;
  for (const { key, value } of parse(bytes, from, end) ?? []) {
    const match = matches(key);
    if (match > 0 && match >= (best?.match ?? 0)) best = { match, value };
  }
  return best === undefined || !isUtf8(best.value) ? undefined : best.value.toString();
}

export function headersOf(bytes: Buffer, from: number, end: number): [string, string][] {
  return (parse(bytes, from, end) ?? [])
    .filter(({ key, value }) => isUtf8(key) && isUtf8(value))
    .map(({ key, value }) => [key.toString(), value.toString()]);
}

/** The section of headers with these set; what follows the last header stays. Throws CodecError. */
export function setHeaders(bytes: Buffer, from: number, end: number, mutation: Mutation): Buffer {
  const headers = parse(bytes, from, end);
  if (headers === undefined) throw new CodecError('malformed', 'The headers to be changed are malformed.');
  const settings = new Map(mutation.map(({ key, value }) => [key, value]));
  const written = new Set<string>();
  const pieces: Buffer[] = [];
  for (const header of headers) {
    const name = [...settings.keys()].find((key) => header.key.equals(Buffer.from(key)));
    if (name === undefined) pieces.push(bytes.subarray(header.start, header.end));
    else if (!written.has(name)) pieces.push(encode(name, settings.get(name) ?? ''));
    if (name !== undefined) written.add(name);
  }
  const added = [...settings].filter(([key]) => !written.has(key));
  if (headers.length + added.length > maxHeaders) throw new CodecError('too-large', 'The frame has too many headers.');
  pieces.push(...added.map(([key, value]) => encode(key, value)));
  const count = Buffer.alloc(countBytes);
  count.writeUInt16BE(pieces.length);
  return Buffer.concat([count, ...pieces, bytes.subarray(headers.at(-1)?.end ?? from + countBytes, end)]);
}

function encode(key: string, value: string): Buffer {
  return Buffer.concat([key, value].map(encodeString));
}

function encodeString(text: string): Buffer {
  const content = Buffer.from(text);
  if (content.length > 0xffff) throw new CodecError('too-large', `A header of ${content.length} bytes does not fit.`);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(content.length);
  return Buffer.concat([length, content]);
}

function parse(bytes: Buffer, from: number, end: number): readonly Header[] | undefined {
  if (from + countBytes > end) return undefined;
  const count = bytes.readUInt16BE(from);
  if (count > maxHeaders) return undefined;
  const headers: Header[] = [];
  for (let at = from + countBytes; headers.length < count; at = headers.at(-1)?.end ?? end) {
    const key = stringAt(bytes, at, end);
    const value = key === undefined ? undefined : stringAt(bytes, at + 2 + key.length, end);
    if (key === undefined || value === undefined) return undefined;
    headers.push({ start: at, key, value, end: at + 4 + key.length + value.length });
  }
  return headers;
}

function stringAt(bytes: Buffer, at: number, end: number): Buffer | undefined {
  if (at + 2 > end) return undefined;
  const stop = at + 2 + bytes.readUInt16BE(at);
  return stop > end ? undefined : bytes.subarray(at + 2, stop);
}
