/**
 * The bytes of the lease journal: one line a record, `<CRC-32 of the rest, 8 hex digits> <JSON>`, after a line that names
 * the format. The last record of a key counts; where two keys claim one address, the later record does. A reader takes
 * every line that is whole, wherever the others are damaged.
 */
import { crc32 } from 'node:zlib';
import { IsthmusError } from '../../model/errors.ts';
import type { ServiceKey } from '../../model/service.ts';
import type { LeaseChange, VirtualIpLease } from '../../model/virtual-ip.ts';

const lineFeed = 0x0a;
const header = { format: 'isthmus leases', version: 1 };

export interface RecoveredLeases {
  readonly leases: ReadonlyMap<ServiceKey, VirtualIpLease>;
  /** How many lines hold records, also of leases that changed later. */
  readonly records: number;
  /** Bytes up to the end of the last whole line. */
  readonly length: number;
  /** Lines in the middle that could not be read. What is torn at the end was never in use, and does not count. */
  readonly damaged: number;
}

export function encodeJournal(leases: Iterable<VirtualIpLease>): Buffer {
  let text = encodeLine(JSON.stringify(header));
  for (const lease of leases) text += encodeChange({ key: lease.key, lease });
  return Buffer.from(text);
}

export function encodeChanges(changes: Iterable<LeaseChange>): Buffer {
  let text = '';
  for (const change of changes) text += encodeChange(change);
  return Buffer.from(text);
}

function encodeChange({ key, lease }: LeaseChange): string {
  return encodeLine(JSON.stringify(lease ?? { key, state: 'gone' }));
}

function encodeLine(json: string): string {
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/** Throws STATE for a journal that a later version wrote: it must not be taken for damaged. */
export function decodeJournal(bytes: Buffer): RecoveredLeases {
  const book = new RecoveredBook();
  let length = 0;
  let records = 0;
  let damaged = 0;
  for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, length)) {
    const json = decodeLine(bytes.toString('utf8', length, end));
    const isHeader = length === 0 && isRecord(json) && json.format === header.format;
    if (isHeader) checkVersion(json.version);
    else if (book.add(json)) records++;
    else damaged++;
    // Without its first line, something stood before what is here.
    if (length === 0 && !isHeader) damaged = 1;
    length = end + 1;
  }
  return { leases: book.leases, records, length, damaged };
}

function checkVersion(version: unknown): void {
  if (version === header.version) return;
  throw new IsthmusError('STATE', `the leases were written by a later version of isthmus (format ${String(version)})`);
}

function decodeLine(line: string): unknown {
  const json = line.slice(9);
  if (line[8] !== ' ' || line.slice(0, 8) !== crc32(json).toString(16).padStart(8, '0')) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

class RecoveredBook {
  readonly leases = new Map<ServiceKey, VirtualIpLease>();
  readonly #holders = new Map<string, ServiceKey>();

  /** False for what is no record. */
  add(json: unknown): boolean {
    if (!isRecord(json) || !isServiceKey(json.key)) return false;
    const { key, ipv4, ipv6, state, since } = json;
    if (state === 'gone') {
      this.leases.delete(key);
      return true;
    }
    if ((state !== 'bound' && state !== 'tombstone') || typeof since !== 'number') return false;
    if (!isOptionalText(ipv4) || !isOptionalText(ipv6)) return false;
    for (const address of [ipv4, ipv6]) if (address !== undefined) this.#take(address, key);
    const addresses = { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
    this.leases.set(key, { key, ...addresses, state, since });
    return true;
  }

  /** Only a record that was lost can leave an address with two keys: the one before gave it up. */
  #take(address: string, key: ServiceKey): void {
    const other = this.#holders.get(address);
    this.#holders.set(address, key);
    const lease = other === undefined || other === key ? undefined : this.leases.get(other);
    if (lease === undefined) return;
    const { ipv4, ipv6, ...rest } = lease;
    const left = {
      ...(ipv4 === undefined || ipv4 === address ? {} : { ipv4 }),
      ...(ipv6 === undefined || ipv6 === address ? {} : { ipv6 }),
    };
    if (ipv4 !== address && ipv6 !== address) return;
    if (Object.keys(left).length === 0) this.leases.delete(lease.key);
    else this.leases.set(lease.key, { ...rest, ...left });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isServiceKey(value: unknown): value is ServiceKey {
  return typeof value === 'string' && value.includes('/');
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
