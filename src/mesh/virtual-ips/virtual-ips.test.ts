import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServiceKey } from '../../model/service.ts';
import type { LeaseChange, VirtualIpLease } from '../../model/virtual-ip.ts';
import { defaultRanges, type VirtualIpRanges, VirtualIps } from './virtual-ips.ts';

const small: VirtualIpRanges = { ipv4: ['10.1.0.0/29'], ipv6: [], quarantine: 1000 };
const key = (name: string): ServiceKey => `ns/${name}`;
const keys = (...names: string[]) => names.map(key);

/** Shorthand: hosts that come, hosts that go, addresses written for a host. */
function change(
  book: VirtualIps,
  now: number,
  demand: { come?: string[]; go?: string[]; written?: Record<string, string[]> },
) {
  const claims = new Map([
    ...(demand.go ?? []).map((name) => [key(name), false] as const),
    ...(demand.come ?? []).map((name) => [key(name), true] as const),
  ]);
  const written = new Map(Object.entries(demand.written ?? {}).map(([address, names]) => [address, keys(...names)]));
  return book.update({ claims, written }, now);
}
const addresses = (book: VirtualIps) =>
  Object.fromEntries(
    [...book.leases()].filter(({ state }) => state === 'bound').map((lease) => [lease.key, lease.ipv4]),
  );
const codes = (book: VirtualIps) => book.findings().map(({ code, object }) => `${code} ${object.name}`);

describe('virtual IPs', () => {
  it('that are lacked by a crowd of one namespace do not hide that another lacks one', () => {
    const book = new VirtualIps(small, []);
    const crowd = Array.from({ length: 300 }, (_, at): ServiceKey => `crowd/${at}`);
    const hosts: readonly ServiceKey[] = ['early/a', ...crowd, 'shop/a', 'shop/b'];
    const claims = new Map(hosts.map((one) => [one, true]));
    book.update({ claims, written: new Map() }, 1);
    const told = book.findings().map(({ object }) => `${object.namespace}/${object.name}`);
    expect(told).toHaveLength(100);
    expect(told).toEqual(expect.arrayContaining(['shop/a', 'shop/b']));
  });

  it('give each host an address of each family, the same whatever the order of events', () => {
    const [one, two] = [new VirtualIps(defaultRanges, []), new VirtualIps(defaultRanges, [])];
    change(one, 1, { come: ['a', 'b', 'c'] });
    for (const name of ['c', 'a', 'b']) change(two, 1, { come: [name] });
    expect([...one.leases()].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual(
      [...two.leases()].sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
    for (const lease of one.leases()) {
      expect(lease.ipv4).toMatch(/^240\.241\.\d+\.\d+$/);
      expect(lease.ipv6).toMatch(/^2001:2:1::/);
    }
  });

  it('stay bound while somebody writes them for their host, so that nothing is missing when it is written no more', () => {
    const lease = { key: key('a'), ipv4: '240.240.0.2', state: 'bound', since: 0 } as const;
    const book = new VirtualIps({ ...small, ipv4: ['10.1.0.0/29'] }, [lease]);
    expect(change(book, 1, { go: ['a'], written: { '240.240.0.2': ['a'] } })).toEqual([]);
    expect(change(book, 2, { come: ['a'], written: { '240.240.0.2': [] } })).toEqual([]);
    expect(book.get(key('a'))).toEqual(lease);
    change(book, 3, { go: ['a'], written: { '240.240.0.2': ['a'] } });
    // Now it is gone with what was written.
    change(book, 4, { written: { '240.240.0.2': [] } });
    expect(book.get(key('a'))).toEqual({ ...lease, state: 'tombstone', since: 4 });
    // What is written for somebody else keeps nothing.
    change(book, 5, { come: ['a'] });
    change(book, 6, { go: ['a'], written: { '240.240.0.2': ['b'] } });
    expect(book.get(key('a'))?.state).not.toBe('bound');
  });

  it('never move while the host exists: over restarts, new settings and what users write', () => {
    const first = new VirtualIps(defaultRanges, []);
    change(first, 1, { come: ['a'] });
    const lease = first.get(key('a'));
    const elsewhere = new VirtualIps({ ipv4: ['127.241.0.0/16'], ipv6: [], quarantine: 1000 }, [...first.leases()]);
    expect(change(elsewhere, 2, { come: ['a', 'b'], written: { [lease?.ipv4 ?? '']: ['other'] } })).toHaveLength(1);
    expect(elsewhere.get(key('a'))).toEqual(lease);
    expect(elsewhere.get(key('b'))?.ipv4).toMatch(/^127\.241\./);
    expect(codes(elsewhere)).toEqual(['ISTH0403 a']);
    expect([elsewhere.isOutside(key('a')), elsewhere.isOutside(key('b'))]).toEqual([true, false]);
    const back = new VirtualIps(defaultRanges, [...elsewhere.leases()]);
    change(back, 3, { come: ['a'], written: { [lease?.ipv4 ?? '']: ['other'] } });
    expect(back.get(key('a'))).toEqual(lease);
    expect(codes(back)).toEqual(['ISTH0402 other', 'ISTH0403 b']);
  });

  it('come back to a host that was deleted and made again', () => {
    const book = new VirtualIps(defaultRanges, []);
    change(book, 1, { come: ['a'] });
    const { ipv4, ipv6 } = book.get(key('a')) ?? {};
    expect(change(book, 2, { go: ['a'] })).toMatchObject([{ lease: { state: 'tombstone', since: 2, ipv4, ipv6 } }]);
    expect(change(book, 5_000_000_000, { come: ['a'] })).toMatchObject([{ lease: { state: 'bound', ipv4, ipv6 } }]);
  });

  it('are not given to anybody while objects that name them are held, however long the quarantine is over', () => {
    const objects = { areHeld: true };
    const book = new VirtualIps(small, [], undefined, () => !objects.areHeld);
    change(book, 0, { come: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] });
    const { ipv4 } = book.get(key('b')) ?? {};
    change(book, 100, { go: ['b'] });
    expect(change(book, 5_000, { come: ['h'] })).toEqual([]);
    expect(codes(book)).toEqual(['ISTH0401 h']);
    expect(book.nextChance(5_000)).toBe(15_000);
    objects.areHeld = false;
    change(book, 15_000, {});
    expect(book.get(key('h'))?.ipv4).toBe(ipv4);
  });

  it('are reused last, and only after the quarantine; who waits gets one then', () => {
    const book = new VirtualIps(small, []);
    change(book, 0, { come: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] });
    expect(new Set(Object.values(addresses(book))).size).toBe(7);
    const first = book.get(key('b'))?.ipv4;
    change(book, 100, { go: ['b'] });
    change(book, 200, { go: ['a'] });
    change(book, 300, { come: ['h'] });
    expect(codes(book)).toEqual(['ISTH0401 h']);
    expect(book.nextChance(300)).toBe(1100);
    expect(change(book, 1099, {})).toEqual([]);
    expect(change(book, 1100, {})).toEqual([
      { key: key('b'), lease: undefined },
      { key: key('h'), lease: { key: key('h'), state: 'bound', since: 1100, ipv4: first } },
    ]);
    expect(codes(book)).toEqual([]);
    expect(book.nextChance(1100)).toBeUndefined();
    expect(change(book, 1150, { come: ['a'] })).toMatchObject([{ key: key('a'), lease: { state: 'bound' } }]);
    change(book, 1200, { come: ['i', 'b'] });
    expect(codes(book)).toEqual(['ISTH0401 b', 'ISTH0401 i']);
    expect(book.nextChance(1200)).toBeUndefined();
  });

  it('are never those that users wrote, and a tombstone gives way to them', () => {
    const book = new VirtualIps({ ...small, ipv4: ['10.1.0.0/30'] }, []);
    change(book, 0, { written: { '10.1.0.1/32': ['x'], '10.1.0.1': ['x'] } });
    change(book, 0, { come: ['a', 'b', 'c'], written: { '10.1.0.1/32': [] } });
    expect(Object.values(addresses(book)).sort()).toEqual(['10.1.0.2', '10.1.0.3']);
    change(book, 1, { go: ['a'], written: { '10.1.0.1': [] } });
    change(book, 2, { come: ['c'] });
    expect(addresses(book)[key('c')]).toBe('10.1.0.1');
    const [kept = ''] = ['10.1.0.2', '10.1.0.3'].filter((address) => !Object.values(addresses(book)).includes(address));
    expect(change(book, 3, { written: { [kept]: ['z'] } })).toEqual([{ key: key('a'), lease: undefined }]);
    change(book, 4, { come: ['a'] });
    expect(codes(book)).toEqual(['ISTH0401 a']);
  });

  it('are in a CIDR that a user wrote only where no other is free, and she is told then', () => {
    const book = new VirtualIps(small, []);
    change(book, 0, { come: ['a', 'b', 'c'], written: { '10.1.0.4/30': ['y'] } });
    expect(Object.values(addresses(book)).sort()).toEqual(['10.1.0.1', '10.1.0.2', '10.1.0.3']);
    expect(codes(book)).toEqual([]);
    change(book, 1, { come: ['d'], written: { '10.1.0.5': ['z'] } });
    expect(addresses(book)[key('d')]).toMatch(/^10\.1\.0\.[467]$/);
    expect(codes(book)).toEqual(['ISTH0404 y']);
    change(book, 2, { go: ['a'] });
    change(book, 3, { come: ['e', 'f', 'g'] });
    expect(codes(book)).toEqual(['ISTH0401 g', 'ISTH0404 y']);
    // What is leased stays, also when a free one would do.
    const { [key('b')]: _, ...before } = addresses(book);
    change(book, 4, { go: ['b'], written: { '10.1.0.5': [] } });
    expect(addresses(book)).toEqual({ ...before, [key('g')]: '10.1.0.5' });
  });

  it.each([
    ['a range around all of them', ['0.0.0.0/0']],
    ['a range around all of them in halves', ['240.241.0.0/17', '240.241.128.0/17']],
    ['a range around all of them in 256 parts', Array.from({ length: 256 }, (_, at) => `240.241.${at}.0/24`)],
  ])('are handed out all the same where a user wrote %s', (_, cidrs) => {
    const book = new VirtualIps({ ...defaultRanges, ipv6: [] }, []);
    change(book, 0, { written: Object.fromEntries(cidrs.map((cidr) => [cidr, ['x']])) });
    change(book, 0, { come: ['a'] });
    const undisturbed = new VirtualIps({ ...defaultRanges, ipv6: [] }, []);
    change(undisturbed, 0, { come: ['a'] });
    expect(addresses(book)).toEqual(addresses(undisturbed));
    expect(codes(book)).toEqual(['ISTH0404 x']);
  });

  it('stay those of a host that comes back to an address in a CIDR that was written meanwhile', () => {
    const book = new VirtualIps(small, []);
    change(book, 0, { come: ['a'] });
    const before = addresses(book);
    change(book, 1, { go: ['a'], written: { '10.1.0.0/29': ['x'] } });
    change(book, 2, { come: ['a'] });
    expect(addresses(book)).toEqual(before);
  });

  it('are there for as many hosts whatever CIDRs users write, outside of them first, the same after a restart', () => {
    const cidr = fc
      .tuple(fc.nat(31), fc.integer({ min: 26, max: 31 }))
      .map(([last, length]) => `10.1.0.${last}/${length}`);
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{3}$/), { maxLength: 40 });
    fc.assert(
      fc.property(names, fc.uniqueArray(cidr, { maxLength: 6 }), fc.nat(40), (come, cidrs, at) => {
        const ranges = { ...small, ipv4: ['10.1.0.0/27'] };
        const written = Object.fromEntries(cidrs.map((one) => [one, ['x']]));
        const book = new VirtualIps(ranges, []);
        const early = come.toSorted().slice(0, at);
        change(book, 0, { come: early, written });
        const again = new VirtualIps(ranges, [...book.leases()]);
        change(again, 1, { come, written });
        change(book, 1, { come });
        expect(addresses(again)).toEqual(addresses(book));
        expect(Object.keys(addresses(book))).toHaveLength(Math.min(come.length, 31));
        const isIn = (low: number): boolean =>
          cidrs.some((one) => {
            const [base = 0, length = 0] = one.slice('10.1.0.'.length).split('/').map(Number);
            const size = 2 ** (32 - length);
            return Math.floor(base / size) === Math.floor(low / size);
          });
        const outside = Array.from({ length: 31 }, (_, low) => low + 1).filter((low) => !isIn(low));
        const used = Object.values(addresses(book)).filter((one) => !isIn(Number(one?.split('.')[3])));
        expect(used).toHaveLength(Math.min(outside.length, come.length));
      }),
    );
  });

  it('are a finding, not a crash, when there are none', () => {
    const book = new VirtualIps({ ipv4: ['10.0.0.0/32'], ipv6: ['fd00::/127'], quarantine: 0 }, []);
    change(book, 0, { come: ['a', 'b'] });
    expect([...book.leases()]).toMatchObject([{ key: key('a'), ipv6: 'fd00::1' }]);
    expect(codes(book)).toEqual(['ISTH0401 b']);
  });

  it('hold: no address twice, none of a user, none moved, for any history', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    const step = fc.record({
      come: fc.subarray(names, { maxLength: 4 }),
      go: fc.subarray(names, { maxLength: 4 }),
      written: fc.dictionary(
        fc.constantFrom('10.1.0.1', '10.1.0.2', '10.1.0.6', '10.1.0.4/31', 'fd00::5', '10.0.0.0/8', 'nonsense'),
        fc.subarray(['x', 'a'], { maxLength: 1 }),
        { maxKeys: 2 },
      ),
      wait: fc.constantFrom(0, 10, 999, 5000),
      isRestart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const ranges = { ...small, ipv6: ['fd00::/124'] };
        let book = new VirtualIps(ranges, []);
        const durable = new Map<string, VirtualIpLease>();
        const written = new Map<string, readonly ServiceKey[]>();
        let claimed = new Set<string>();
        let now = 0;
        for (const { come, go, written: writes, wait, isRestart } of steps) {
          now += wait;
          const restored: LeaseChange[] = [];
          if (isRestart) {
            book = new VirtualIps(ranges, durable.values());
            // Of whom nobody speaks after a start is gone: see LeaseKeeper.releaseUnclaimed.
            const bound = [...durable.values()].filter(({ state }) => state === 'bound').map((lease) => lease.key);
            const wanted = [...claimed].map((name) => [key(name), true] as const);
            const claims = new Map([...bound.map((one) => [one, false] as const), ...wanted]);
            restored.push(...book.update({ claims, written }, now));
          }
          const before = new Map(durable);
          const demand = { come, go: go.filter((name) => !come.includes(name)), written: writes };
          const changes = [...restored, ...change(book, now, demand)];
          for (const [address, owners] of Object.entries(writes)) written.set(address, keys(...owners));
          claimed = new Set([...[...claimed].filter((name) => !go.includes(name)), ...come]);
          for (const { key: changed, lease } of changes) {
            if (lease === undefined) durable.delete(changed);
            else durable.set(changed, lease);
            // Written down in this order, no two records ever stand for one address.
            const held = [...durable.values()].flatMap(({ ipv4, ipv6 }) =>
              [ipv4, ipv6].filter((one) => one !== undefined),
            );
            expect(new Set(held).size).toBe(held.length);
          }
          expect(new Map([...book.leases()].map((lease) => [lease.key, lease]))).toEqual(
            new Map([...durable.values()].map((lease) => [lease.key, lease])),
          );
          for (const lease of book.leases()) {
            const old = before.get(lease.key);
            if (lease.state !== 'bound') continue;
            const isWritten = [lease.ipv4, lease.ipv6].some(
              (one) => written.get(one ?? '')?.includes(lease.key) === true,
            );
            expect(claimed.has(lease.key.slice(3)) || isWritten).toBe(true);
            if (old?.state === 'bound')
              expect([lease.ipv4, lease.ipv6]).toEqual([old.ipv4 ?? lease.ipv4, old.ipv6 ?? lease.ipv6]);
            const isNew = old === undefined;
            if (isNew && lease.ipv4 !== undefined) expect(written.get(lease.ipv4) ?? []).toEqual([]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
