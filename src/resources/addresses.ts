/** IP addresses and ranges as users write them. */
import { isIP } from 'node:net';

/** 4 or 6; 0 for what is no address. A zone (`fe80::1%eth0`) means nothing on another machine and is refused. */
export function ipFamily(text: string): 0 | 4 | 6 {
  const family = text.includes('%') ? 0 : isIP(text);
  return family === 4 || family === 6 ? family : 0;
}

/** The family of `address/length`; 0 for what is no range. */
export function cidrFamily(text: string): 0 | 4 | 6 {
  const slash = text.indexOf('/');
  const length = text.slice(slash + 1);
  if (slash < 0 || !/^\d{1,3}$/.test(length)) return 0;
  const family = ipFamily(text.slice(0, slash));
  return Number(length) <= (family === 4 ? 32 : 128) ? family : 0;
}

/** `unix:///path`, or `unix://@name` for an abstract socket. */
export function isUnixAddress(text: string): boolean {
  return /^unix:\/\/[/@]./.test(text);
}

/** What a client connects to: `host:port`, `[address]:port`, or a URL of http or https. */
export function isUrlOrHostPort(text: string): boolean {
  const isUrl = /^https?:\/\//i.test(text);
  if (!isUrl && !/:\d{1,5}$/.test(text)) return false;
  const url = URL.parse(isUrl ? text : `http://${text}`);
  if (url === null || url.hostname === '' || url.username !== '' || url.password !== '') return false;
  return isUrl || (url.pathname === '/' && url.search === '' && url.hash === '' && !text.endsWith('/'));
}

export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  /** False for 10.0.0.1/8: an address inside the range stands where its first one should. */
  readonly isCanonical: boolean;
}

/** Undefined for what is no `address/length`. */
export function parseRange(text: string): AddressRange | undefined {
  const family = cidrFamily(text);
  if (family === 0) return undefined;
  const slash = text.indexOf('/');
  const written = toNumber(text.slice(0, slash), family);
  const size = 1n << BigInt((family === 4 ? 32 : 128) - Number(text.slice(slash + 1)));
  const first = written - (written % size);
  return { family, first, last: first + size - 1n, isCanonical: first === written };
}

/** Whether an IP address lies in the range; false for what is no address. */
export function contains({ family, first, last }: AddressRange, address: string): boolean {
  if (ipFamily(address) !== family) return false;
  const number = toNumber(address, family);
  return number >= first && number <= last;
}

/** Whether the whole of one range lies in another. */
export function isWithin(inner: AddressRange, outer: AddressRange): boolean {
  return inner.family === outer.family && inner.first >= outer.first && inner.last <= outer.last;
}

export function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** Of an address that has been checked. */
function toNumber(address: string, family: 4 | 6): bigint {
  if (family === 4) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [left = '', right] = address.split('::');
  const groups = (text: string | undefined): bigint[] =>
    text === undefined || text === '' ? [] : text.split(':').flatMap(toGroups);
  const [before, after] = [groups(left), groups(right)];
  const zeros = new Array<bigint>(Math.max(0, 8 - before.length - after.length)).fill(0n);
  return [...before, ...zeros, ...after].reduce((sum, group) => sum * 65_536n + group, 0n);
}

/** One group of an IPv6 address; its last two may be written as an IPv4 address. */
function toGroups(text: string): bigint[] {
  if (!text.includes('.')) return [BigInt(`0x${text}`)];
  const number = toNumber(text, 4);
  return [number / 65_536n, number % 65_536n];
}
