/** From what is known of a name to the packet that says so. */
import { CLASS_INTERNET, Flag, OPT_BYTES, QuestionType, Rcode, RecordType } from './protocol.ts';
import type { Query } from './query.ts';
import { expandRecord } from './record-expansion.ts';
import type { Alias, Resolution } from './resolution.ts';
import type { CachedAnswer } from './response-cache.ts';
import { type NamePlace, questionPlace, ResponseWriter, writeOptions } from './response-writer.ts';
import { type RecordPlace, ttlOf, ttlPlace } from './upstream-answer.ts';

/** Seconds. */
export interface Ttls {
  readonly ttl: number;
  /** For how long it may be remembered that there is nothing. */
  readonly negativeTtl: number;
}

/** Room for the header, the question, an SOA and an OPT record. */
const FIXED_BYTES = 512;
const ALIAS_BYTES = 270;
const IPV6_RECORD_BYTES = 28;

const authoritative = Flag.authoritative | Flag.recursionAvailable;

/** Without records. */
export function bareResponse(query: Query, rcode: Rcode, limit: number): Buffer {
  return new ResponseWriter(query, Math.min(limit, FIXED_BYTES)).finish(rcode, Flag.recursionAvailable);
}

/** Of a name that the table knows to its end, or of any name to who asks for any type. `zone`: the suffix of ours that the end stands below, or the end itself. */
export function localResponse(query: Query, resolution: Resolution, zone: string, ttls: Ttls, limit: number): Buffer {
  const { aliases, ending, name } = resolution;
  const addresses = ending.kind === 'addresses' ? addressesFor(query.type, ending) : [];
  const writer = new ResponseWriter(query, Math.min(limit, sizeOf(aliases, addresses.length)));
  if (query.type === QuestionType.any && ending.kind !== 'no-such-name') {
    writer.hostInformation(ttls.ttl);
    return writer.finish(Rcode.noError, ending.kind === 'elsewhere' ? Flag.recursionAvailable : authoritative);
  }
  const owner = writeAliases(writer, aliases);
  if (owner === undefined) {
    return writer.isTruncated
      ? writer.finish(Rcode.noError, authoritative)
      : bareResponse(query, Rcode.serverFailure, limit);
  }
  const family = query.type === RecordType.a ? 4 : 6;
  writer.addresses(owner, family, addresses, Math.floor(Math.random() * addresses.length), ttls.ttl);
  const isAliasAsked = query.type === RecordType.cname && aliases.length > 0;
  if (addresses.length === 0 && !isAliasAsked) {
    const end = owner === questionPlace ? query.questionEnd - 4 : owner + name.length + 2;
    const isApexAsked = query.type === RecordType.soa && ending.kind === 'no-data' && name === zone;
    writer.authority(end - zone.length - 2, ttls.negativeTtl, isApexAsked ? 'answer' : 'authority');
  }
  return writer.finish(ending.kind === 'no-such-name' ? Rcode.noSuchName : Rcode.noError, authoritative);
}

function addressesFor(
  type: number,
  { ipv4, ipv6 }: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] },
): readonly string[] {
  if (type === RecordType.a) return ipv4;
  return type === RecordType.aaaa ? ipv6 : [];
}

function sizeOf(aliases: readonly Alias[], addresses: number): number {
  return FIXED_BYTES + aliases.length * ALIAS_BYTES + addresses * IPV6_RECORD_BYTES;
}

/** Where the name at their end stands; undefined when one of them cannot be written. */
function writeAliases(writer: ResponseWriter, aliases: readonly Alias[]): NamePlace | undefined {
  let owner: NamePlace | undefined = questionPlace;
  for (const { target, ttl } of aliases) {
    owner = writer.alias(owner, target, ttl);
    if (owner === undefined) return undefined;
  }
  return owner;
}

/** An upstream's answer to the very question, as it came, but for the id, the case of the name and the age of the TTLs. */
export function passedResponse(query: Query, { answer, age }: CachedAnswer, ttlCap: number, limit: number): Buffer {
  const { packet, questionEnd, rcode, answers, authorities, additionals } = answer;
  const options = query.udpBytes === undefined ? 0 : OPT_BYTES;
  const isWhole = packet.length + options <= limit && !answer.isTruncated;
  const length = isWhole ? packet.length : questionEnd;
  const bytes = Buffer.allocUnsafe(length + options);
  packet.copy(bytes, 0, 0, length);
  query.packet.copy(bytes, 0, 0, questionEnd);
  const echoed = query.flags & (Flag.recursionDesired | Flag.checkingDisabled);
  const truncated = isWhole ? 0 : Flag.truncated;
  bytes.writeUInt16BE(Flag.response | Flag.recursionAvailable | echoed | truncated | (rcode & 0xf), 2);
  bytes.writeUInt16BE(1, 4);
  for (const [index, section] of [answers, authorities, additionals].entries()) {
    bytes.writeUInt16BE(isWhole ? section.length : 0, 6 + 2 * index);
    if (!isWhole) continue;
    for (const record of section) bytes.writeUInt32BE(agedTtl(answer, record, age, ttlCap), ttlPlace(record));
  }
  if (options > 0) {
    bytes.writeUInt16BE(bytes.readUInt16BE(10) + 1, 10);
    writeOptions(bytes, length, rcode, query.dnssecOk);
  }
  return bytes;
}

/** An upstream's answer behind aliases of ours. */
export function chainedResponse(
  query: Query,
  aliases: readonly Alias[],
  { answer, age }: CachedAnswer,
  ttlCap: number,
  limit: number,
): Buffer {
  const size = sizeOf(aliases, 0) + 4 * answer.packet.length;
  const writer = new ResponseWriter(query, Math.min(limit, size));
  if (writeAliases(writer, aliases) !== undefined) {
    copyRecords(writer, answer, answer.answers, age, ttlCap, 'answer');
    if (answer.answers.length === 0) copyRecords(writer, answer, answer.authorities, age, ttlCap, 'authority');
  }
  return writer.finish(answer.rcode, Flag.recursionAvailable);
}

function copyRecords(
  writer: ResponseWriter,
  answer: CachedAnswer['answer'],
  records: readonly RecordPlace[],
  age: number,
  ttlCap: number,
  section: 'answer' | 'authority',
): void {
  for (const record of records) {
    if (answer.packet.readUInt16BE(record.data - 8) !== CLASS_INTERNET) continue;
    const expanded = expandRecord(answer.packet, record);
    if (expanded === undefined) continue;
    writer.record(expanded.owner, record.type, agedTtl(answer, record, age, ttlCap), expanded.data, section);
  }
}

function agedTtl({ packet }: CachedAnswer['answer'], record: RecordPlace, age: number, ttlCap: number): number {
  return aged(ttlOf(packet, record), age, ttlCap);
}

/** What is left of a TTL. All in seconds. */
export function aged(ttl: number, age: number, ttlCap: number): number {
  return Math.max(0, Math.min(ttl, ttlCap) - age);
}
