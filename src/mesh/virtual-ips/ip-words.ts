/** IP addresses as numbers, read and written fast: a mesh has a hundred thousand of them at every start. */

/** Four times 32 bits; of an IPv4 address the last only. */
export interface IpWords {
  readonly high: number;
  readonly upper: number;
  readonly lower: number;
  readonly low: number;
}

const dot = 0x2e;
const colon = 0x3a;

/** Dotted decimal without leading zeros, or the same mapped into IPv6 (`::ffff:10.0.0.1`). */
export function parseIpv4(text: string): IpWords | undefined {
  let low = 0;
  let octet = -1;
  let dots = 0;
  for (let at = text.charCodeAt(0) === colon ? mappedPrefix(text) : 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === dot) {
      if (octet < 0 || ++dots > 3) return undefined;
      low = low * 256 + octet;
      octet = -1;
    } else if (code >= 0x30 && code <= 0x39 && octet !== 0) {
      octet = Math.max(octet, 0) * 10 + code - 0x30;
      if (octet > 255) return undefined;
    } else {
      return undefined;
    }
  }
  return dots === 3 && octet >= 0 ? { high: 0, upper: 0, lower: 0, low: low * 256 + octet } : undefined;
}

function mappedPrefix(text: string): number {
  return text.slice(0, 7).toLowerCase() === '::ffff:' ? 7 : 0;
}

const decimalBytes = Array.from({ length: 256 }, (_, byte) => String(byte));

/** Writes IPv4 addresses of one range: those that differ in their last octet only share the text of the others. */
export function formatterOfIpv4(): (low: number) => string {
  const starts = new Map<number, string>();
  return (low) => {
    const block = low >>> 8;
    let start = starts.get(block);
    if (start === undefined) {
      start = `${block >>> 16}.${(block >>> 8) & 255}.${block & 255}.`;
      starts.set(block, start);
    }
    return start + decimalBytes[low & 255];
  };
}

/** RFC 4291 2.2 without a dotted tail, which is IPv4's. */
export function parseIpv6(text: string): IpWords | undefined {
  const groups: number[] = [];
  let gap = -1;
  let at = 0;
  if (text.startsWith('::')) {
    gap = 0;
    at = 2;
  }
  while (at < text.length) {
    const end = endOfGroup(text, at);
    if (end === at || end - at > 4 || groups.length === 8) return undefined;
    groups.push(Number.parseInt(text.slice(at, end), 16));
    if (end === text.length) break;
    if (text.charCodeAt(end) !== colon || end + 1 === text.length) return undefined;
    at = end + 1;
    if (text.charCodeAt(at) !== colon) continue;
    if (gap !== -1) return undefined;
    gap = groups.length;
    at++;
  }
  if (gap === -1 ? groups.length !== 8 : groups.length > 7) return undefined;
  if (gap !== -1) groups.splice(gap, 0, ...Array<number>(8 - groups.length).fill(0));
  const word = (index: number): number => (groups[index] ?? 0) * 0x10000 + (groups[index + 1] ?? 0);
  return { high: word(0), upper: word(2), lower: word(4), low: word(6) };
}

/** Behind the hexadecimal digits. */
function endOfGroup(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isDigit = code >= 0x30 && code <= 0x39;
    const isLetter = (code >= 0x61 && code <= 0x66) || (code >= 0x41 && code <= 0x46);
    if (!isDigit && !isLetter) break;
  }
  return at;
}

/** Writes addresses that share their first 96 bits, by RFC 5952: lower case, the longest run of zeros as `::`. */
export function formatterOfIpv6({ high, upper, lower }: IpWords): (low: number) => string {
  const groups = [high, upper, lower].flatMap((word) => [word >>> 16, word & 0xffff]);
  const zeros = 6 - (groups.findLastIndex((group) => group !== 0) + 1);
  const longest = longestZeros(groups);
  if (zeros < 2 || longest.at !== 6 - zeros) return (low) => formatGroups([...groups, low >>> 16, low & 0xffff]);
  // The run of zeros at the end is the longest: what stands before it is the same for all.
  const prefix = `${joinGroups(groups.slice(0, 6 - zeros))}::`;
  // The tail first: V8 copies short texts at once, and keeps longer ones as trees of their parts.
  return (low) => prefix + tailOf(low >>> 16, low & 0xffff);
}

const hexDigits = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** The last two groups behind `::`. */
function tailOf(first: number, second: number): string {
  if (first === 0) return second === 0 ? '' : second.toString(16);
  if (first < 0x1000 || second < 0x1000) return `${first.toString(16)}:${second.toString(16)}`;
  // Nearly all are as long as they can be: those are made in one step, without texts in between.
  return String.fromCharCode(
    digitAt(first, 12),
    digitAt(first, 8),
    digitAt(first, 4),
    digitAt(first, 0),
    colon,
    digitAt(second, 12),
    digitAt(second, 8),
    digitAt(second, 4),
    digitAt(second, 0),
  );
}

function digitAt(group: number, shift: number): number {
  return hexDigits[(group >>> shift) & 15] ?? 0;
}

function formatGroups(groups: readonly number[]): string {
  const { at, length } = longestZeros(groups);
  if (length < 2) return joinGroups(groups);
  return `${joinGroups(groups.slice(0, at))}::${joinGroups(groups.slice(at + length))}`;
}

function joinGroups(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

/** The first of the longest runs. */
function longestZeros(groups: readonly number[]): { readonly at: number; readonly length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
    at += length;
  }
  return best;
}
