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
import { VarintReader, varintBytes } from './varint.ts';

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

/** Throws CodecError for all that readers of the header would stumble over later, and for what is not supported. */
export function checkHeader(bytes: Buffer, start: number, messageAt: number): void {
  cursor.open(bytes, infoStart(bytes, start, messageAt), messageAt);
  let hasNext = true;
  while (hasNext) hasNext = cursor.next();
}

/** Where the info blocks begin. Throws CodecError for a protocol that is not known, and for transforms. */
function infoStart(bytes: Buffer, start: number, messageAt: number): number {
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

/** The key-values of a header that was checked, in order. */
export function headerPairs(bytes: Buffer, start: number, frameEnd: number): (readonly [key: string, value: string])[] {
  const pairs: (readonly [string, string])[] = [];
  openPairs(bytes, start, frameEnd);
  while (cursor.next()) {
    const { keyAt, keyEnd, valueAt, valueEnd } = cursor;
    pairs.push([bytes.toString('utf8', keyAt, keyEnd), bytes.toString('utf8', valueAt, valueEnd)]);
  }
  return pairs;
}

/** The last value of a key; one of this message wins over one that persists. The header was checked. */
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
  cursor.open(bytes, infoStart(bytes, start, messageAt), messageAt);
}

/** The frame with key-values set; those that persist stay as they are, unless one of the same key is set. */
export function mutateHeader(bytes: Buffer, start: number, frameEnd: number, mutation: Mutation): Buffer {
  const set = new Map(mutation.map(({ key, value }) => [key, value]));
  const own: Buffer[] = [];
  const persistent: Buffer[] = [];
  openPairs(bytes, start, frameEnd);
  while (cursor.next()) {
    const { kind, keyAt, keyEnd, valueAt, valueEnd } = cursor;
    if (set.has(bytes.toString('utf8', keyAt, keyEnd))) continue;
    // Bytes, not strings: a value need not be text.
    const pair = pairBytes(bytes.subarray(keyAt, keyEnd), bytes.subarray(valueAt, valueEnd));
    (kind === InfoKind.own ? own : persistent).push(pair);
  }
  for (const [key, value] of set) own.push(pairBytes(Buffer.from(key), Buffer.from(value)));
  const messageAt = messageStart(bytes, start, frameEnd);
  number(bytes, start + headerFixedBytes, messageAt);
  // Python's library reads no further than to the first block that it does not know, and it knows only the first of these.
  const blocks = [infoBlock(InfoKind.own, own), infoBlock(InfoKind.persistent, persistent)];
  const fixed = bytes.subarray(start, start + headerFixedBytes);
  return frame(fixed, varints.value, blocks, bytes.subarray(messageAt, frameEnd));
}

/**
 * A frame's idHigh of its header's sequence id, or that of the frame's idHigh: what it differs by from the message's id.
 * Apache's servers write the id of the message into both places, whatever the request's header had.
 */
export function idHighOf(sequenceId: number, idLow: number): number {
  return (sequenceId ^ idLow) >>> 0;
}

/** A frame around a message: `fixed` gives flags and sequence id. */
function frame(fixed: Buffer, protocol: number, blocks: readonly Buffer[], message: Buffer): Buffer {
  const variable = Buffer.concat([Buffer.from([protocol, 0]), ...blocks]);
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

function infoBlock(kind: number, pairs: readonly Buffer[]): Buffer {
  if (pairs.length === 0) return Buffer.alloc(0);
  return Buffer.concat([Buffer.from([kind, ...varintBytes(pairs.length)]), ...pairs]);
}

function pairBytes(key: Buffer, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from(varintBytes(key.length)), key, Buffer.from(varintBytes(value.length)), value]);
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
  return frame(fixed, protocol === Protocol.compact ? protocolNumbers.compact : protocolNumbers.binary, [], message);
}
