/**
 * THeader: a frame with a header of its own in front of the message.
 *
 *   0 length u32 | 4 magic 0f ff | 6 flags u16 | 8 sequence id u32 | 12 words of header u16
 *   | 14 protocol, number of transforms, transforms, info blocks, padding | message
 *
 * An info block is its kind (1: key-values, 2: key-values that persist on the connection), a count, and pairs of strings.
 */
import { CodecError, type Mutation } from '../codec.ts';
import { Protocol } from './flavour.ts';
import { VarintReader, varintBytes, varintString } from './varint.ts';

const headerFixedBytes = 14;
const infoKeyValue = 1;
const infoPersistent = 2;
const protocolNumbers = { binary: 0, compact: 2 } as const;
const maxPairs = 1000;

const varints = new VarintReader();

/** Where the message begins, in a frame that is there up to `end`. Throws CodecError. */
export function messageStart(bytes: Buffer, start: number, end: number): number {
  const at = start + headerFixedBytes + 4 * bytes.readUInt16BE(start + 12);
  if (at > end) throw new CodecError('malformed', 'The header says it is longer than its frame.');
  return at;
}

/** Protocol of the message, as the header and the message itself tell. Throws CodecError for transforms. */
export function checkHeader(bytes: Buffer, start: number, messageAt: number): void {
  let at = number(bytes, start + headerFixedBytes, messageAt);
  const protocol = varints.value;
  if (protocol !== protocolNumbers.binary && protocol !== protocolNumbers.compact)
    throw new CodecError('unsupported', `The header names protocol ${protocol}; binary (0) and compact (2) are known.`);
  at = number(bytes, at, messageAt);
  if (varints.value > 0)
    throw new CodecError('unsupported', 'The message is transformed (compressed); transforms are not read.');
}

function number(bytes: Buffer, at: number, end: number): number {
  if (varints.read(bytes, at, end)) return varints.next;
  throw new CodecError('malformed', 'The header ends in the middle of a number.');
}

interface Pair {
  readonly kind: number;
  readonly key: string;
  readonly value: string;
}

/** The header's key-values, in order; blocks of unknown kinds end the list. Throws CodecError. */
export function headerPairs(bytes: Buffer, start: number): readonly Pair[] {
  const end = messageStart(bytes, start, bytes.length);
  const pairs: Pair[] = [];
  let at = number(bytes, start + headerFixedBytes, end);
  at = number(bytes, at, end);
  while (at < end) {
    at = number(bytes, at, end);
    const kind = varints.value;
    if (kind !== infoKeyValue && kind !== infoPersistent) break;
    at = number(bytes, at, end);
    const count = varints.value;
    if (count > maxPairs) throw new CodecError('too-large', `The header says it has ${count} key-values.`);
    for (let i = 0; i < count; i++) {
      const key = text(bytes, at, end);
      const value = text(bytes, key.next, end);
      pairs.push({ kind, key: key.value, value: value.value });
      at = value.next;
    }
  }
  return pairs;
}

function text(bytes: Buffer, at: number, end: number): { readonly value: string; readonly next: number } {
  const from = number(bytes, at, end);
  const next = from + varints.value;
  if (next > end) throw new CodecError('malformed', 'The header ends in the middle of a text.');
  return { value: bytes.toString('utf8', from, next), next };
}

/** The frame with key-values set; those that persist stay as they are, unless one of the same key is set. */
export function mutateHeader(bytes: Buffer, start: number, frameEnd: number, mutation: Mutation): Buffer {
  const messageAt = messageStart(bytes, start, frameEnd);
  const pairs = headerPairs(bytes, start);
  const set = new Map(mutation.map(({ key, value }) => [key, value]));
  const kept = pairs.filter(({ key }) => !set.has(key));
  const persistent = kept.filter(({ kind }) => kind === infoPersistent);
  const own = [
    ...kept.filter(({ kind }) => kind === infoKeyValue),
    ...[...set].map(([key, value]) => ({ key, value })),
  ];
  const protocol = bytes[start + headerFixedBytes] ?? 0;
  return frame(
    bytes.subarray(start, start + headerFixedBytes),
    protocol,
    own,
    persistent,
    bytes.subarray(messageAt, frameEnd),
  );
}

type KeyValues = readonly { readonly key: string; readonly value: string }[];

/** A frame around a message: `fixed` gives flags and sequence id. */
function frame(fixed: Buffer, protocol: number, own: KeyValues, persistent: KeyValues, message: Buffer): Buffer {
  const variable = Buffer.concat([
    Buffer.from([protocol, 0]),
    infoBlock(infoPersistent, persistent),
    infoBlock(infoKeyValue, own),
  ]);
  const words = Math.ceil(variable.length / 4);
  if (words > 0xffff) throw new CodecError('too-large', `The header would take ${variable.length} bytes.`);
  const result = Buffer.alloc(headerFixedBytes + 4 * words + message.length);
  fixed.copy(result);
  result.writeUInt32BE(result.length - 4, 0);
  result.writeUInt16BE(words, 12);
  variable.copy(result, headerFixedBytes);
  message.copy(result, headerFixedBytes + 4 * words);
  return result;
}

function infoBlock(kind: number, pairs: KeyValues): Buffer {
  if (pairs.length === 0) return Buffer.alloc(0);
  const head = Buffer.from([kind, ...varintBytes(pairs.length)]);
  return Buffer.concat([head, ...pairs.flatMap(({ key, value }) => [varintString(key), varintString(value)])]);
}

/** A reply's frame: the request's flags and sequence id, no key-values. */
export function headerFrame(
  requestHead: Buffer,
  start: number,
  sequenceId: number,
  protocol: Protocol,
  message: Buffer,
): Buffer {
  const fixed = Buffer.from(requestHead.subarray(start, start + headerFixedBytes));
  fixed.writeUInt32BE(sequenceId, 8);
  const wire = protocol === Protocol.compact ? protocolNumbers.compact : protocolNumbers.binary;
  return frame(fixed, wire, [], [], message);
}
