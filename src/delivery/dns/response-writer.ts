/**
 * Writes one response into a buffer of the size that the client takes. Records that do not fit are left out and the
 * response says that it is truncated; the question always fits, and so does the OPT record, for which room is kept.
 */
import { writeIpv4, writeIpv6 } from './addresses.ts';
import { nameBytes } from './names.ts';
import {
  CLASS_INTERNET,
  DNSSEC_OK,
  Flag,
  HEADER_BYTES,
  OPT_BYTES,
  type Rcode,
  RecordType,
  UDP_BYTES_MAX,
} from './protocol.ts';
import type { Query } from './query.ts';

const RECORD_HEAD_BYTES = 10;
/** A compressed name: a pointer. */
const POINTER_BYTES = 2;
const POINTER = 0xc000;
/** Offsets beyond this do not fit a pointer. */
const MAX_POINTER = 0x3fff;

/** Where a name stands in the response, for records that repeat it. */
export type NamePlace = number;

export const questionPlace: NamePlace = HEADER_BYTES;

type Section = 'answer' | 'authority';

export class ResponseWriter {
  readonly #query: Query;
  readonly #bytes: Buffer;
  /** Records end here at the latest. */
  readonly #limit: number;
  #at: number;
  #isTruncated = false;
  readonly #counts = { answer: 0, authority: 0 };

  constructor(query: Query, size: number) {
    this.#query = query;
    this.#bytes = Buffer.allocUnsafe(size);
    this.#limit = size - (query.udpBytes === undefined ? 0 : OPT_BYTES);
    query.packet.copy(this.#bytes, 0, 0, query.questionEnd);
    this.#at = query.questionEnd;
  }

  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  /** Answers where the target's name stands; undefined when there was no room for it. */
  alias(owner: NamePlace, target: string, ttl: number): NamePlace | undefined {
    const name = nameBytes(target);
    if (name === undefined || !this.#head(owner, RecordType.cname, ttl, name.length, 'answer')) return undefined;
    const place = this.#at;
    this.#at += name.copy(this.#bytes, this.#at);
    return place;
  }

  /** The addresses from `first` on, then those before it: who takes the first gets another one each time. */
  addresses(owner: NamePlace, family: 4 | 6, addresses: readonly string[], first: number, ttl: number): void {
    const size = family === 4 ? 4 : 16;
    const type = family === 4 ? RecordType.a : RecordType.aaaa;
    const write = family === 4 ? writeIpv4 : writeIpv6;
    for (let step = 0; step < addresses.length; step++) {
      if (!this.#head(owner, type, ttl, size, 'answer')) return;
      write(addresses[(first + step) % addresses.length] ?? '', this.#bytes, this.#at);
      this.#at += size;
    }
  }

  /** A record whose parts are at hand: names in it must not be compressed. */
  record(owner: Uint8Array, type: number, ttl: number, data: Uint8Array, section: Section): void {
    if (!this.#hasRoom(owner.length + RECORD_HEAD_BYTES + data.length)) return;
    this.#bytes.set(owner, this.#at);
    this.#at += owner.length;
    this.#fixedHead(type, ttl, data.length, section);
    this.#bytes.set(data, this.#at);
    this.#at += data.length;
  }

  /** SOA: says for how long it may be remembered that there is nothing (RFC 2308). `zone` is the name at `owner`. */
  authority(owner: NamePlace, negativeTtl: number, section: Section = 'authority'): void {
    const size = primary.length + mailbox.length + 2 * POINTER_BYTES + 20;
    if (!this.#head(owner, RecordType.soa, negativeTtl, size, section)) return;
    for (const label of [primary, mailbox]) {
      this.#at += label.copy(this.#bytes, this.#at);
      this.#at = this.#bytes.writeUInt16BE(POINTER | owner, this.#at);
    }
    for (const value of [1, 7200, 1800, 86_400, negativeTtl]) this.#at = this.#bytes.writeUInt32BE(value, this.#at);
  }

  /** RFC 8482: one harmless record to who asks for any. */
  hostInformation(ttl: number): void {
    if (!this.#head(questionPlace, RecordType.hinfo, ttl, any.length, 'answer')) return;
    this.#at += any.copy(this.#bytes, this.#at);
  }

  /** `flags`: those beside what every response has. Called once. */
  finish(rcode: Rcode | number, flags: number): Buffer {
    const { packet, udpBytes, dnssecOk } = this.#query;
    const echoed = this.#query.flags & (Flag.recursionDesired | Flag.checkingDisabled);
    const truncated = this.#isTruncated ? Flag.truncated : 0;
    this.#bytes.writeUInt16BE(packet.readUInt16BE(0), 0);
    this.#bytes.writeUInt16BE(Flag.response | echoed | flags | truncated | (rcode & 0xf), 2);
    this.#bytes.writeUInt16BE(1, 4);
    this.#bytes.writeUInt16BE(this.#counts.answer, 6);
    this.#bytes.writeUInt16BE(this.#counts.authority, 8);
    this.#bytes.writeUInt16BE(udpBytes === undefined ? 0 : 1, 10);
    if (udpBytes !== undefined) this.#at = writeOptions(this.#bytes, this.#at, rcode, dnssecOk);
    return this.#bytes.subarray(0, this.#at);
  }

  #head(owner: NamePlace, type: number, ttl: number, size: number, section: Section): boolean {
    if (owner > MAX_POINTER || !this.#hasRoom(POINTER_BYTES + RECORD_HEAD_BYTES + size)) return false;
    this.#at = this.#bytes.writeUInt16BE(POINTER | owner, this.#at);
    this.#fixedHead(type, ttl, size, section);
    return true;
  }

  #fixedHead(type: number, ttl: number, size: number, section: Section): void {
    this.#counts[section]++;
    this.#at = this.#bytes.writeUInt16BE(type, this.#at);
    this.#at = this.#bytes.writeUInt16BE(CLASS_INTERNET, this.#at);
    this.#at = this.#bytes.writeUInt32BE(ttl, this.#at);
    this.#at = this.#bytes.writeUInt16BE(size, this.#at);
  }

  /** What comes behind a record that was left out is left out as well. */
  #hasRoom(size: number): boolean {
    if (this.#at + size > this.#limit) this.#isTruncated = true;
    return !this.#isTruncated;
  }
}

const label = (text: string): Buffer => Buffer.from([text.length, ...Buffer.from(text)]);
const primary = label('ns');
const mailbox = label('hostmaster');
const any = Buffer.concat([label('RFC8482'), label('')]);

/** Answers the offset behind the record. */
export function writeOptions(bytes: Buffer, start: number, rcode: number, dnssecOk: boolean): number {
  let at = bytes.writeUInt8(0, start);
  at = bytes.writeUInt16BE(RecordType.opt, at);
  at = bytes.writeUInt16BE(UDP_BYTES_MAX, at);
  at = bytes.writeUInt8(rcode >> 4, at);
  at = bytes.writeUInt8(0, at);
  at = bytes.writeUInt16BE(dnssecOk ? DNSSEC_OK : 0, at);
  return bytes.writeUInt16BE(0, at);
}

/** To a query whose question could not be read: its header, and nothing else. */
export function refuseUnread(packet: Buffer, rcode: Rcode): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  const flags = packet.readUInt16BE(2) & (Flag.opcode | Flag.recursionDesired | Flag.checkingDisabled);
  bytes.writeUInt16BE(packet.readUInt16BE(0), 0);
  bytes.writeUInt16BE(Flag.response | flags | rcode, 2);
  return bytes;
}
