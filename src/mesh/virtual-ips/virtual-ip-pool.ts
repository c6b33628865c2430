/**
 * The addresses of one family that may be handed out, numbered from 0: slots. IPv4 addresses that end in .0 or .255 are
 * none, since old software takes them for networks and broadcasts; nor is the first address of an IPv6 range (the routers'
 * anycast address, RFC 4291 2.6.1). Of an IPv6 range shorter than /96 only the part whose middle bits are zero is used.
 */
import { IsthmusError } from '../../model/errors.ts';
import { formatterOfIpv4, formatterOfIpv6, type IpWords, parseIpv4, parseIpv6 } from './ip-words.ts';

export interface AddressPool {
  readonly size: number;
  /** Undefined for what is no address of this pool. */
  slotOf(address: string): number | undefined;
  addressOf(slot: number): string;
  /** What an address, or a CIDR, means of this pool; undefined where it means nothing of it. */
  meaningOf(text: string): PoolMeaning | undefined;
}

/** A CIDR of one address is that address; one around several is a range, whatever of it is in this pool. */
export type PoolMeaning =
  | { readonly kind: 'address'; readonly slot: number }
  | { readonly kind: 'range'; readonly intervals: readonly SlotInterval[] };

export interface SlotInterval {
  readonly first: number;
  readonly last: number;
}

/** A billion addresses are enough, and such numbers are small integers to V8. */
const maxSlots = 2 ** 30;

/** Addresses that differ in their last 32 bits only. */
interface Span {
  /** As parsed, with the bits behind the prefix cleared. */
  readonly base: IpWords;
  readonly prefixLength: number;
  readonly first: number;
  readonly last: number;
}

interface Range extends Span {
  /** Its first slot. */
  readonly offset: number;
  readonly size: number;
  /** The last word of the address with so many usable ones of the range below it. */
  readonly usableAt: (count: number) => number;
  readonly format: (low: number) => string;
}

interface Family {
  readonly bits: 32 | 128;
  parse(text: string): IpWords | undefined;
  formatter(base: IpWords): (low: number) => string;
  /** How many usable addresses of the span lie below this one. */
  usableBelow(low: number, span: Span): number;
  /** Gives the usable address of the span with so many below it. */
  usableIn(span: Span): (count: number) => number;
}

const ipv4UsableBelow = (low: number): number =>
  Math.floor(low / 256) * 254 + Math.min(Math.max((low % 256) - 1, 0), 254);

const ipv4Family: Family = {
  bits: 32,
  parse: parseIpv4,
  formatter: formatterOfIpv4,
  usableBelow: (low, { first }) => ipv4UsableBelow(low) - ipv4UsableBelow(first),
  usableIn({ first }) {
    // Counted from the block in which the span begins: small integers divide many times faster.
    const block = first - (first % 256);
    const skipped = ipv4UsableBelow(first % 256);
    return (count) => {
      const blocks = Math.floor((count + skipped) / 254);
      return block + blocks * 256 + (count + skipped - blocks * 254) + 1;
    };
  },
};

/** A span of one address has no first one to leave out. */
const skipped = ({ first, last }: Span): number => (last > first ? 1 : 0);

const ipv6Family: Family = {
  bits: 128,
  parse: parseIpv6,
  formatter: formatterOfIpv6,
  usableBelow: (low, span) => Math.max(low - span.first - skipped(span), 0),
  usableIn(span) {
    const first = span.first + skipped(span);
    return (count) => first + count;
  },
};

/** Throws BAD_DATA for what is no CIDR of the family: settings are checked before. */
export const ipv4Pool = (cidrs: readonly string[]): AddressPool => createPool(ipv4Family, cidrs);
export const ipv6Pool = (cidrs: readonly string[]): AddressPool => createPool(ipv6Family, cidrs);

function createPool(family: Family, cidrs: readonly string[]): AddressPool {
  const ranges = rangesOf(family, cidrs);
  return {
    size: ranges.reduce((sum, range) => sum + range.size, 0),
    slotOf(text) {
      const address = family.parse(text);
      if (address === undefined) return undefined;
      const range = ranges.find(
        ({ base, first, last }) => isSameHigh(address, base) && address.low >= first && address.low <= last,
      );
      if (range === undefined) return undefined;
      const count = family.usableBelow(address.low, range);
      return count < range.size && range.usableAt(count) === address.low ? range.offset + count : undefined;
    },
    addressOf(slot) {
      let range = ranges[0];
      for (let at = 1; range !== undefined && slot >= range.offset + range.size; at++) range = ranges[at];
      if (range === undefined) throw new IsthmusError('INTERNAL', `there is no address ${slot} in ${cidrs.join(', ')}`);
      return range.format(range.usableAt(slot - range.offset));
    },
    meaningOf(text) {
      const span = parseSpan(family, text);
      const intervals = span === undefined ? [] : ranges.flatMap((range) => intersect(family, span, range));
      const [only] = intervals;
      if (only === undefined) return undefined;
      return span?.prefixLength === family.bits ? { kind: 'address', slot: only.first } : { kind: 'range', intervals };
    },
  };
}

function rangesOf(family: Family, cidrs: readonly string[]): readonly Range[] {
  let offset = 0;
  return cidrs.map((cidr) => {
    const span = parseSpan(family, cidr);
    if (span === undefined) throw new IsthmusError('BAD_DATA', `${cidr} is no range of IP addresses`);
    const size = Math.min(family.usableBelow(span.last + 1, span), maxSlots);
    const range = { ...span, offset, size, usableAt: family.usableIn(span), format: family.formatter(span.base) };
    offset += size;
    return range;
  });
}

function parseSpan(family: Family, cidr: string): Span | undefined {
  const [text = '', suffix = String(family.bits), more] = cidr.split('/');
  const address = family.parse(text);
  const prefixLength = Number(suffix);
  if (address === undefined || more !== undefined || !/^\d{1,3}$/.test(suffix) || prefixLength > family.bits)
    return undefined;
  const base = clearBits(address, family.bits - prefixLength);
  return { base, prefixLength, first: base.low, last: base.low + 2 ** Math.min(family.bits - prefixLength, 32) - 1 };
}

function intersect(family: Family, span: Span, range: Range): SlotInterval[] {
  if (!isSameHigh(clearBits(range.base, family.bits - span.prefixLength), span.base)) return [];
  const firstLow = Math.max(span.first, range.first);
  const lastLow = Math.min(span.last, range.last);
  if (firstLow > lastLow) return [];
  const first = family.usableBelow(firstLow, range);
  const last = Math.min(family.usableBelow(lastLow + 1, range), range.size) - 1;
  if (last < first) return [];
  return [{ first: range.offset + first, last: range.offset + last }];
}

function isSameHigh(a: IpWords, b: IpWords): boolean {
  return a.high === b.high && a.upper === b.upper && a.lower === b.lower;
}

/** Clears the last bits of an address. */
function clearBits({ high, upper, lower, low }: IpWords, bits: number): IpWords {
  const clear = (word: number, count: number): number => {
    const span = 2 ** Math.min(Math.max(count, 0), 32);
    return Math.floor(word / span) * span;
  };
  return {
    high: clear(high, bits - 96),
    upper: clear(upper, bits - 64),
    lower: clear(lower, bits - 32),
    low: clear(low, bits),
  };
}
