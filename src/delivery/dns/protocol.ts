/** The numbers of DNS that are used here (RFC 1035, 6891; the registry of the IANA). */

export const RecordType = {
  a: 1,
  ns: 2,
  cname: 5,
  soa: 6,
  ptr: 12,
  hinfo: 13,
  mx: 15,
  aaaa: 28,
  srv: 33,
  dname: 39,
  opt: 41,
} as const;

/** Types that stand in questions only. */
export const QuestionType = { any: 255 } as const;

export const CLASS_INTERNET = 1;

export const Rcode = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  noSuchName: 3,
  notImplemented: 4,
  refused: 5,
  /** Extended: its upper bits stand in the OPT record. */
  badVersion: 16,
} as const;
export type Rcode = (typeof Rcode)[keyof typeof Rcode];

export const Flag = {
  response: 0x8000,
  opcode: 0x7800,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  checkingDisabled: 0x0010,
} as const;

export const HEADER_BYTES = 12;
/** An OPT record without options. */
export const OPT_BYTES = 11;
export const DNSSEC_OK = 0x8000;

/** What is sent over UDP to who says nothing, and at most to anybody: no fragments (DNS flag day 2020). */
export const UDP_BYTES = 512;
export const UDP_BYTES_MAX = 1232;
export const TCP_BYTES_MAX = 65_535;
