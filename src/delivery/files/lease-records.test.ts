import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeaseChange, VirtualIpLease } from '../../model/virtual-ip.ts';
import { encodeLine, readLines } from './journal-lines.ts';
import { leaseFormat } from './lease-records.ts';
import { goneLine } from './record-journal.ts';

const encodeJournal = (all: readonly VirtualIpLease[]): Buffer =>
  Buffer.from([leaseFormat.header, ...all].map(encodeLine).join(''));
const encodeChanges = (changes: readonly LeaseChange[]): Buffer =>
  Buffer.from(changes.map(({ key, lease }) => encodeLine(lease ?? goneLine(key))).join(''));

function decodeJournal(bytes: Buffer) {
  const book = leaseFormat.newBook();
  const reading = readLines(bytes, leaseFormat.header, (json) => book.add(json));
  return { ...reading, leases: book.records };
}

const lease = (at: number, state: 'bound' | 'tombstone' = 'bound'): VirtualIpLease => ({
  key: `ns/host-${at}`,
  ipv4: `240.241.0.${at}`,
  ipv6: `2001:2:1::${at.toString(16)}`,
  state,
  since: 1_700_000_000_000 + at,
});
const leases = Array.from({ length: 12 }, (_, at) => lease(at + 1));
const journal = encodeJournal(leases);

describe('the lease journal', () => {
  it('gives back what was written, the last record of each lease', () => {
    const changes: LeaseChange[] = [
      { key: 'ns/host-1', lease: lease(1, 'tombstone') },
      { key: 'ns/host-2', lease: undefined },
      { key: 'ns/é"\n', lease: { key: 'ns/é"\n', ipv6: 'fd00::1', state: 'bound', since: 5 } },
    ];
    const read = decodeJournal(Buffer.concat([journal, encodeChanges(changes)]));
    expect(read).toMatchObject({ records: 15, damaged: 0 });
    expect([...read.leases.values()]).toEqual(
      expect.arrayContaining([lease(1, 'tombstone'), ...leases.slice(2), changes[2]?.lease]),
    );
    expect(read.leases.has('ns/host-2')).toBe(false);
  });

  it('cut at any byte keeps every whole record before, and is not called damaged', () => {
    for (let length = 0; length <= journal.length; length++) {
      const read = decodeJournal(journal.subarray(0, length));
      const whole = journal.subarray(0, length).toString().split('\n').length - 2;
      expect([length, read.damaged]).toEqual([length, 0]);
      expect([...read.leases.values()]).toEqual(leases.slice(0, Math.max(whole, 0)));
    }
  });

  it('with any one byte changed loses no more than the records that the byte stands in', () => {
    const flip = fc.record({ at: fc.nat(journal.length - 1), to: fc.integer({ min: 1, max: 255 }) });
    const check = ({ at, to }: { at: number; to: number }) => {
      const bytes = Buffer.from(journal);
      bytes[at] = (bytes[at] ?? 0) ^ to;
      const read = decodeJournal(bytes);
      expect(read.leases.size).toBeGreaterThanOrEqual(leases.length - 2);
      for (const one of read.leases.values()) expect(leases).toContainEqual(one);
      const isTail = at === journal.length - 1;
      if (!isTail) expect(read.damaged).toBeGreaterThan(0);
    };
    for (let at = 0; at < journal.length; at++) check({ at, to: 1 });
    fc.assert(fc.property(flip, check), { numRuns: 500 });
  });

  it('is read, or refused, whatever bytes it holds', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.uint8Array(), fc.nat(journal.length))
        .map(([noise, at]) => Buffer.concat([journal.subarray(0, at), noise, journal.subarray(at)])),
    );
    fc.assert(
      fc.property(bytes, (noise) => {
        expect(decodeJournal(Buffer.from(noise)).length).toBeLessThanOrEqual(noise.length);
      }),
    );
  });

  it('gives no address to two hosts, even where the record that freed it is lost', () => {
    const taken = encodeChanges([{ key: 'ns/other', lease: { ...lease(3), key: 'ns/other' } }]);
    const read = decodeJournal(Buffer.concat([journal, taken]));
    expect(read.leases.get('ns/other')?.ipv4).toBe(lease(3).ipv4);
    expect(read.leases.has('ns/host-3')).toBe(false);
  });

  it('of a later version is refused, not taken for damaged', () => {
    const later = Buffer.from('abdfa794 {"format":"isthmus leases","version":2}\n');
    expect(decodeJournal(journal).damaged).toBe(0);
    expect(() => decodeJournal(later)).toThrow('later version');
  });
});
