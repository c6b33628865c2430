/**
 * An answer from an upstream server, checked from end to end and kept as it came: its OPT record, which is between it and
 * us, is cut off, and where its TTLs stand is known, so that it can be passed on as often as it is asked for.
 */
import { NameReader } from './names.ts';
import { CLASS_INTERNET, Flag, HEADER_BYTES, Rcode, RecordType } from './protocol.ts';

/** A record, by where its parts stand in the packet. */
export interface RecordPlace {
  readonly owner: number;
  readonly type: number;
  /** Of the record's data. */
  readonly data: number;
  readonly end: number;
}

export interface UpstreamAnswer {
  readonly packet: Buffer;
  readonly questionEnd: number;
  readonly rcode: number;
  readonly isTruncated: boolean;
  readonly hasOptions: boolean;
  readonly answers: readonly RecordPlace[];
  readonly authorities: readonly RecordPlace[];
  readonly additionals: readonly RecordPlace[];
}

/** Seconds. RFC 2181 8: what has its first bit set counts as zero. */
export function ttlOf(packet: Buffer, record: RecordPlace): number {
  const ttl = packet.readUInt32BE(record.data - 6);
  return ttl > 0x7fffffff ? 0 : ttl;
}

/** Where a record's TTL stands. */
export function ttlPlace(record: RecordPlace): number {
  return record.data - 6;
}

const reader = new NameReader();

/** Undefined for what is no whole response, or answers another question than `query` asks (its name in any case). */
export function readUpstreamAnswer(packet: Buffer, query: Buffer, questionEnd: number): UpstreamAnswer | undefined {
  if (packet.length < questionEnd || packet.readUInt16BE(0) !== query.readUInt16BE(0)) return undefined;
  const flags = packet.readUInt16BE(2);
  if ((flags & Flag.response) === 0 || (flags & Flag.opcode) !== 0 || packet.readUInt16BE(4) !== 1) return undefined;
  if (!isSameQuestion(packet, query, questionEnd)) return undefined;
  const sections: RecordPlace[][] = [[], [], []];
  let at = questionEnd;
  for (const [index, section] of sections.entries()) {
    const count = packet.readUInt16BE(6 + 2 * index);
    for (let record = 0; record < count; record++) {
      const place = readRecord(packet, at);
      if (place === undefined) return undefined;
      section.push(place);
      at = place.end;
    }
  }
  const [answers = [], authorities = [], additionals = []] = sections;
  return withoutOptions({
    packet: packet.subarray(0, at),
    questionEnd,
    rcode: flags & 0xf,
    isTruncated: (flags & Flag.truncated) !== 0,
    hasOptions: false,
    answers,
    authorities,
    additionals,
  });
}

/** Length octets of labels are no letters, so that the whole name may be compared alike. */
function isSameQuestion(packet: Buffer, query: Buffer, questionEnd: number): boolean {
  for (let at = HEADER_BYTES; at < questionEnd; at++) {
    const difference = (packet[at] ?? 0) ^ (query[at] ?? 0);
    if (difference === 0) continue;
    const letter = (query[at] ?? 0) | 0x20;
    if (difference !== 0x20 || letter < 0x61 || letter > 0x7a || at >= questionEnd - 4) return false;
  }
  return true;
}

function readRecord(packet: Buffer, owner: number): RecordPlace | undefined {
  const nameEnd = reader.read(packet, owner);
  if (nameEnd === -1 || nameEnd + 10 > packet.length) return undefined;
  const data = nameEnd + 10;
  const end = data + packet.readUInt16BE(nameEnd + 8);
  if (end > packet.length) return undefined;
  return { owner, type: packet.readUInt16BE(nameEnd), data, end };
}

/** What stands behind the OPT record goes with it: a signature of the message, or nothing. */
function withoutOptions(answer: UpstreamAnswer): UpstreamAnswer {
  const index = answer.additionals.findIndex(({ type }) => type === RecordType.opt);
  const options = answer.additionals[index];
  if (options === undefined) return answer;
  const extended = answer.packet.readUInt8(options.data - 6) << 4;
  return {
    ...answer,
    packet: answer.packet.subarray(0, options.owner),
    rcode: answer.rcode | extended,
    hasOptions: true,
    additionals: answer.additionals.slice(0, index),
  };
}

/** For how many seconds an answer may be kept: 0 for what may not be. */
export function lifetimeOf({ packet, questionEnd, rcode, isTruncated, answers, authorities }: UpstreamAnswer): number {
  if (isTruncated || (rcode !== Rcode.noError && rcode !== Rcode.noSuchName)) return 0;
  const ttls = answers.map((record) => ttlOf(packet, record));
  const hasData = answers.some(
    ({ type }) => type !== RecordType.cname || type === packet.readUInt16BE(questionEnd - 4),
  );
  if (rcode === Rcode.noError && hasData) return Math.min(...ttls);
  // Nothing is there (RFC 2308 5): for as long as the zone says; without its SOA nobody knows.
  const authority = authorities.find(({ type, data, end }) => type === RecordType.soa && end - data >= 22);
  if (authority === undefined) return 0;
  return Math.min(ttlOf(packet, authority), packet.readUInt32BE(authority.end - 4), ...ttls);
}

export interface AliasPlace {
  readonly target: string;
  readonly ttl: number;
}

/** The CNAMEs that lead on from the question's name, in order; at most `limit`. */
export function aliasesOf({ packet, answers }: UpstreamAnswer, limit: number): readonly AliasPlace[] {
  if (!answers.some(({ type }) => type === RecordType.cname)) return [];
  const byOwner = new Map<string, RecordPlace>();
  for (const record of answers) {
    if (record.type === RecordType.cname && isInternet(packet, record))
      byOwner.set(textAt(packet, record.owner), record);
  }
  const found: AliasPlace[] = [];
  let name = textAt(packet, HEADER_BYTES);
  for (let record = byOwner.get(name); record !== undefined && found.length < limit; record = byOwner.get(name)) {
    name = textAt(packet, record.data);
    found.push({ target: name, ttl: ttlOf(packet, record) });
  }
  return found;
}

function isInternet(packet: Buffer, record: RecordPlace): boolean {
  return packet.readUInt16BE(record.data - 8) === CLASS_INTERNET;
}

/** Empty for what is no name, and for the root. */
function textAt(packet: Buffer, place: number): string {
  return reader.read(packet, place) === -1 ? '' : reader.text();
}
