import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipv4Pool, ipv6Pool } from './virtual-ip-pool.ts';

describe('a pool of IPv4 addresses', () => {
  it('has every address of its ranges but those that end in .0 and .255', () => {
    const pool = ipv4Pool(['240.241.0.0/16', '10.9.8.0/30']);
    expect(pool.size).toBe(256 * 254 + 3);
    expect(pool.addressOf(0)).toBe('240.241.0.1');
    expect(pool.addressOf(254)).toBe('240.241.1.1');
    expect(pool.addressOf(256 * 254 - 1)).toBe('240.241.255.254');
    expect(pool.addressOf(256 * 254)).toBe('10.9.8.1');
    expect(pool.slotOf('240.241.3.255')).toBeUndefined();
    expect(pool.slotOf('240.241.3.0')).toBeUndefined();
    expect(pool.slotOf('240.242.0.1')).toBeUndefined();
    expect(pool.slotOf('240.241.1')).toBeUndefined();
    expect(pool.slotOf('::ffff:240.241.1.1')).toBe(254);
  });

  it('serves loopback, the end of the address space, single addresses and ranges written with host bits', () => {
    expect(ipv4Pool(['127.241.0.0/16']).addressOf(300)).toBe('127.241.1.47');
    expect(ipv4Pool(['255.255.255.128/25']).size).toBe(127);
    expect(ipv4Pool(['10.0.0.7/32']).addressOf(0)).toBe('10.0.0.7');
    expect(ipv4Pool(['10.0.0.0/32']).size).toBe(0);
    expect(ipv4Pool(['10.0.0.77/24']).addressOf(0)).toBe('10.0.0.1');
    expect(ipv4Pool([]).size).toBe(0);
    expect(() => ipv4Pool(['10.0.0.0/33'])).toThrow('10.0.0.0/33 is no range');
    expect(() => ipv4Pool(['2001:db8::/64'])).toThrow('is no range');
  });

  it('knows which of its addresses a CIDR takes', () => {
    const pool = ipv4Pool(['240.241.0.0/16']);
    expect(pool.meaningOf('240.241.1.0/24')).toEqual({ kind: 'range', intervals: [{ first: 254, last: 507 }] });
    expect(pool.meaningOf('240.241.0.0/31')).toEqual({ kind: 'range', intervals: [{ first: 0, last: 0 }] });
    expect(pool.meaningOf('240.0.0.0/8')).toEqual({ kind: 'range', intervals: [{ first: 0, last: pool.size - 1 }] });
    expect(pool.meaningOf('240.241.0.2/32')).toEqual({ kind: 'address', slot: 1 });
    expect(pool.meaningOf('240.241.0.2')).toEqual({ kind: 'address', slot: 1 });
    for (const text of ['10.0.0.0/8', 'nonsense/8', '240.241.0.0', '240.241.0.0/32', '10.0.0.1', '']) {
      expect(pool.meaningOf(text)).toBeUndefined();
    }
  });
});

describe('a pool of IPv6 addresses', () => {
  it('writes addresses in canonical form and reads them in any', () => {
    const pool = ipv6Pool(['2001:2:1::/48']);
    expect(pool.addressOf(0)).toBe('2001:2:1::1');
    expect(pool.addressOf(0x1ffff)).toBe('2001:2:1::2:0');
    expect(pool.addressOf(0x2bcd0001 - 1)).toBe('2001:2:1::2bcd:1');
    expect(pool.slotOf('2001:0002:1:0:0:0:0:1')).toBe(0);
    expect(pool.slotOf('2001:2:1::')).toBeUndefined();
    expect(pool.slotOf('2001:2:1:0:5::1')).toBeUndefined();
    expect(pool.slotOf('240.241.0.1')).toBeUndefined();
    expect(ipv6Pool(['fd00::/120']).size).toBe(255);
    expect(ipv6Pool(['::/127']).addressOf(0)).toBe('::1');
  });

  it('knows which of its addresses a CIDR takes', () => {
    const pool = ipv6Pool(['2001:2:1::/48']);
    expect(pool.meaningOf('2001:2:1::f0/124')).toEqual({ kind: 'range', intervals: [{ first: 0xef, last: 0xfe }] });
    expect(pool.meaningOf('2001:2:1::f0')).toEqual({ kind: 'address', slot: 0xef });
    expect(pool.meaningOf('2001:2:2::/48')).toBeUndefined();
  });

  it('takes no address for one of the next range where a range has more than are handed out', () => {
    const pool = ipv6Pool(['2001:2:1::/48', 'fd00::/120']);
    const size = pool.size - 255;
    expect(pool.meaningOf('2001::/16')).toEqual({ kind: 'range', intervals: [{ first: 0, last: size - 1 }] });
    expect(pool.meaningOf('2001:2:1::ffff:1')).toBeUndefined();
    expect(pool.meaningOf('fd00::1')).toEqual({ kind: 'address', slot: size });
  });
});

it('an address and its slot name each other, in any range', () => {
  const range = fc.oneof(
    fc
      .tuple(fc.ipV4(), fc.integer({ min: 8, max: 32 }))
      .map(([ip, length]) => ({ pool: ipv4Pool, cidr: `${ip}/${length}` })),
    fc
      .tuple(fc.ipV6(), fc.integer({ min: 16, max: 128 }))
      .map(([ip, length]) => ({ pool: ipv6Pool, cidr: `${ip}/${length}` })),
  );
  fc.assert(
    fc.property(
      range.filter(({ cidr }) => !/:.*\./.test(cidr)),
      fc.nat(),
      ({ pool, cidr }, at) => {
        const made = pool([cidr]);
        if (made.size === 0) return;
        const slot = at % made.size;
        expect(made.slotOf(made.addressOf(slot))).toBe(slot);
        expect(made.addressOf(slot)).not.toMatch(/\.(0|255)$/);
      },
    ),
  );
});
