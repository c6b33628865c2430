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
import { InfoKind, PairCursor } from './header-pairs.ts';
import { VarintReader, varintBytes, varintString } from './varint.ts';

const headerFixedBytes = 14;
const protocolNumbers = { binary: 0, compact: 2 } as const;

const varints = new VarintReader();
const cursor = new PairCursor();

/** Where the message begins, in a frame that is there up to `end`. Throws CodecError. */
export function messageStart(bytes: Buffer, start: number, end: number): number {
  const at = start + headerFixedBytes + 4 * bytes.readUInt16BE(start + 12);
  if (at > end) throw new CodecError('malformed', 'The header says it is longer than its frame.');
  return at;
}

/** Where the info blocks begin. Throws CodecError for a protocol that is not known, and for transforms. */
export function checkHeader(bytes: Buffer, start: number, messageAt: number): number {
  const at = number(bytes, start + headerFixedBytes, messageAt);
  const protocol = varints.value;
  if (protocol !== protocolNumbers.binary && protocol !== protocolNumbers.compact)
    throw new CodecError('unsupported', `The header names protocol ${protocol}; binary (0) and compact (2) are known.`);
  const infoAt = number(bytes, at, messageAt);
  if (varints.value > 0)
    throw new CodecError('unsupported', 'The message is transformed (compressed); transforms are not read.');
  return infoAt;
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

/** The header's key-values, in order. Throws CodecError. */
export function headerPairs(bytes: Buffer, start: number, frameEnd: number): readonly Pair[] {
  const pairs: Pair[] = [];
  openPairs(bytes, start, frameEnd);
  while (cursor.next()) {
    const key = bytes.toString('utf8', cursor.keyAt, cursor.keyEnd);
    pairs.push({ kind: cursor.kind, key, value: bytes.toString('utf8', cursor.valueAt, cursor.valueEnd) });
  }
  return pairs;
}

/** The last value of a key; one of this message wins over one that persists. Throws CodecError. */
export function headerValue(bytes: Buffer, start: number, frameEnd: number, key: Buffer): string | undefined {
  let found: number | undefined;
  let from = 0;
  let to = 0;
  openPairs(bytes, start, frameEnd);
  while (cursor.next()) {
    const { kind, keyAt, keyEnd, valueAt, valueEnd } = cursor;
    const isWanted = found !== InfoKind.own || kind === InfoKind.own;
    if (!isWanted || keyEnd - keyAt !== key.length || key.compare(bytes, keyAt, keyEnd) !== 0) continue;
    found = kind;
    from = valueAt;
    to = valueEnd;
  }
  return found === undefined ? undefined : bytes.toString('utf8', from, to);
}

function openPairs(bytes: Buffer, start: number, frameEnd: number): void {
  const messageAt = messageStart(bytes, start, frameEnd);
  cursor.open(bytes, checkHeader(bytes, start, messageAt), messageAt);
}

/** The frame with key-values set; those that persist stay as they are, unless one of the same key is set. */
export function mutateHeader(bytes: Buffer, start: number, frameEnd: number, mutation: Mutation): Buffer {
  const messageAt = messageStart(bytes, start, frameEnd);
  const pairs = headerPairs(bytes, start, frameEnd);
  const set = new Map(mutation.map(({ key, value }) => [key, value]));
  const kept = pairs.filter(({ key }) => !set.has(key));
  const persistent = kept.filter(({ kind }) => kind === InfoKind.persistent);
  const own = [
    ...kept.filter(({ kind }) => kind === InfoKind.own),
    ...[...set].map(([key, value]) => ({ key, value })),
  ];
  number(bytes, start + headerFixedBytes, messageAt);
  const protocol = varints.value;
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
    // Python's library reads no further than to the first block that it does not know, and it knows only this one.
    infoBlock(InfoKind.own, own),
    infoBlock(InfoKind.persistent, persistent),
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
