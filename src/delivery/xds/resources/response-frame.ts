/**
 * Discovery responses as bytes, written around resources that are encoded already.
 *
 *   | gRPC prefix | resources, type URL, removed names, control plane |   version, nonce   |
 *   |<------------ frame: equal for all streams that get this ------>|<-- tail: a stream's own -->|
 *
 * Version and nonce have fixed lengths, so that the length in the prefix is the same for all. Both dialects number them
 * 1 and 5. Protobuf lets fields come in any order.
 */
import { versionLength } from './content-digest.ts';
import type { EncodedResource } from './resource-source.ts';

export type Dialect = 'sotw' | 'delta';

export interface ResponseContent {
  readonly typeUrl: string;
  readonly resources: readonly EncodedResource[];
  /** Delta only. */
  readonly removed: readonly string[];
}

export const nonceLength = 16;
const TAIL_LENGTH = 2 + versionLength + 2 + nonceLength;
const GRPC_PREFIX_LENGTH = 5;

const lengthDelimited = (field: number): number => (field << 3) | 2;
const tag = {
  version: lengthDelimited(1),
  resources: lengthDelimited(2),
  typeUrl: lengthDelimited(4),
  nonce: lengthDelimited(5),
  removed: lengthDelimited(6),
  controlPlane: { sotw: lengthDelimited(6), delta: lengthDelimited(7) },
  any: { typeUrl: lengthDelimited(1), value: lengthDelimited(2) },
  resource: { version: lengthDelimited(1), any: lengthDelimited(2), name: lengthDelimited(3) },
  identifier: lengthDelimited(1),
} as const;

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** Length of a length-delimited field whose content has `length` bytes; all our field numbers take one byte. */
const fieldLength = (length: number): number => 1 + varintLength(length) + length;

class FrameWriter {
  readonly buffer: Buffer;
  #at = 0;

  constructor(length: number) {
    this.buffer = Buffer.allocUnsafe(length);
  }

  prefix(messageLength: number): void {
    this.buffer[0] = 0;
    this.buffer.writeUInt32BE(messageLength, 1);
    this.#at = GRPC_PREFIX_LENGTH;
  }

  open(fieldTag: number, length: number): void {
    this.buffer[this.#at++] = fieldTag;
    let rest = length;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.buffer[this.#at++] = (rest % 0x80) | 0x80;
    this.buffer[this.#at++] = rest;
  }

  text(fieldTag: number, text: string, length: number): void {
    this.open(fieldTag, length);
    this.#at += this.buffer.write(text, this.#at, length, 'utf8');
  }

  bytes(fieldTag: number, bytes: Uint8Array): void {
    this.open(fieldTag, bytes.length);
    this.buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}

interface Lengths {
  readonly any: number;
  readonly name: number;
  readonly version: number;
  /** Of the field's content in the response. */
  readonly content: number;
}

function lengthsOf(dialect: Dialect, resource: EncodedResource, typeLength: number): Lengths {
  const any = fieldLength(typeLength) + fieldLength(resource.body.length);
  if (dialect === 'sotw') return { any, name: 0, version: 0, content: any };
  const name = Buffer.byteLength(resource.name);
  const version = Buffer.byteLength(resource.version);
  return { any, name, version, content: fieldLength(any) + fieldLength(name) + fieldLength(version) };
}

/** The shared part of a response; `tailOf` completes it. `controlPlane` is the identifier clients print, or empty. */
export function frameOf(dialect: Dialect, content: ResponseContent, controlPlane: string): Buffer {
  const { typeUrl, resources, removed } = content;
  const typeLength = Buffer.byteLength(typeUrl);
  const lengths = resources.map((resource) => lengthsOf(dialect, resource, typeLength));
  const removedLengths = removed.map((name) => Buffer.byteLength(name));
  const planeLength = fieldLength(Buffer.byteLength(controlPlane));
  let length = fieldLength(typeLength) + fieldLength(planeLength);
  for (const { content: inner } of lengths) length += fieldLength(inner);
  for (const inner of removedLengths) length += fieldLength(inner);

  const writer = new FrameWriter(GRPC_PREFIX_LENGTH + length);
  writer.prefix(length + TAIL_LENGTH);
  resources.forEach((resource, index) => {
    const inner = lengths[index];
    if (inner === undefined) return;
    writer.open(tag.resources, inner.content);
    if (dialect === 'delta') {
      writer.text(tag.resource.name, resource.name, inner.name);
      writer.text(tag.resource.version, resource.version, inner.version);
      writer.open(tag.resource.any, inner.any);
    }
    writer.text(tag.any.typeUrl, typeUrl, typeLength);
    writer.bytes(tag.any.value, resource.body);
  });
  writer.text(tag.typeUrl, typeUrl, typeLength);
  removed.forEach((name, index) => {
    writer.text(tag.removed, name, removedLengths[index] ?? 0);
  });
  writer.open(tag.controlPlane[dialect], planeLength);
  writer.text(tag.identifier, controlPlane, Buffer.byteLength(controlPlane));
  return writer.buffer;
}

const beforeVersion = String.fromCharCode(tag.version, versionLength);
const beforeNonce = String.fromCharCode(tag.nonce, nonceLength);

/** A stream's own part: both texts are ASCII and of the fixed lengths. */
export function tailOf(version: string, nonce: string): Buffer {
  return Buffer.from(beforeVersion + version + beforeNonce + nonce, 'latin1');
}
