/**
 * Reads what a client sent, strictly: one question, at most one OPT record, nothing behind.
 *
 * By hand, as the rest of this folder: dns-packet makes text of labels (a dot inside of one becomes a border, other bytes
 * are lost), writes no compressed names, and loses records of types that it does not know, where answers are passed on.
 */
import { NameReader } from './names.ts';
import {
  CLASS_INTERNET,
  DNSSEC_OK,
  Flag,
  HEADER_BYTES,
  QuestionType,
  Rcode,
  RecordType,
  UDP_BYTES,
} from './protocol.ts';

export interface Query {
  /** As it came; the question stands between the header and `questionEnd`. */
  readonly packet: Buffer;
  readonly flags: number;
  readonly questionEnd: number;
  /** In lower case, without the dot at the end. */
  readonly name: string;
  readonly type: number;
  /** The largest UDP answer that the client takes; undefined when it said so by no OPT record. */
  readonly udpBytes: number | undefined;
  readonly dnssecOk: boolean;
}

/** `rcode` says how to answer when it is not `noError`; without a `query`, not even the question could be read. */
export interface QueryReading {
  readonly rcode: Rcode;
  readonly query?: Query;
}

const malformed: QueryReading = { rcode: Rcode.formatError };
const notImplemented: QueryReading = { rcode: Rcode.notImplemented };

/** Queries have an OPT record there, a signature, or nothing. */
const MAX_ADDITIONALS = 4;

const reader = new NameReader();

/** Of a packet that has a header, which says that it is no response. */
export function readQuery(packet: Buffer): QueryReading {
  const flags = packet.readUInt16BE(2);
  if ((flags & Flag.opcode) !== 0) return notImplemented;
  const additionals = packet.readUInt16BE(10);
  if (packet.readUInt16BE(4) !== 1 || packet.readUInt32BE(6) !== 0 || additionals > MAX_ADDITIONALS) return malformed;
  const nameEnd = reader.read(packet, HEADER_BYTES);
  if (nameEnd === -1 || nameEnd + 4 > packet.length) return malformed;
  const name = reader.text();
  const options = readAdditionals(packet, nameEnd + 4, additionals);
  if (options === undefined) return malformed;
  const query: Query = {
    packet,
    flags,
    questionEnd: nameEnd + 4,
    name,
    type: packet.readUInt16BE(nameEnd),
    udpBytes: options.udpBytes,
    dnssecOk: options.dnssecOk,
  };
  const isKnown = options.version === 0;
  return { rcode: isKnown ? rcodeOf(query.type, packet.readUInt16BE(nameEnd + 2)) : Rcode.badVersion, query };
}

/** Types from 128 to 254 are no records: transfers, keys, signatures. */
function rcodeOf(type: number, questionClass: number): Rcode {
  if (type === RecordType.opt || type === 0) return Rcode.formatError;
  if (questionClass !== CLASS_INTERNET) return Rcode.refused;
  return type >= 128 && type < QuestionType.any ? Rcode.notImplemented : Rcode.noError;
}

interface ClientOptions {
  readonly version: number;
  readonly udpBytes: number | undefined;
  readonly dnssecOk: boolean;
}

const noOptions: ClientOptions = { version: 0, udpBytes: undefined, dnssecOk: false };

/** RFC 6891 6.1. Options are skipped: none is for us, and a cookie or a client subnet must not be passed on. */
function readAdditionals(packet: Buffer, start: number, count: number): ClientOptions | undefined {
  let at = start;
  let options = noOptions;
  for (let index = 0; index < count; index++) {
    const isRoot = packet[at] === 0;
    const nameEnd = isRoot ? at + 1 : reader.read(packet, at);
    if (nameEnd === -1 || nameEnd + 10 > packet.length) return undefined;
    const end = nameEnd + 10 + packet.readUInt16BE(nameEnd + 8);
    if (end > packet.length) return undefined;
    if (packet.readUInt16BE(nameEnd) === RecordType.opt) {
      if (!isRoot || options !== noOptions) return undefined;
      options = {
        version: packet.readUInt8(nameEnd + 5),
        udpBytes: Math.max(UDP_BYTES, packet.readUInt16BE(nameEnd + 2)),
        dnssecOk: (packet.readUInt16BE(nameEnd + 6) & DNSSEC_OK) !== 0,
      };
    }
    at = end;
  }
  return at === packet.length ? options : undefined;
}
