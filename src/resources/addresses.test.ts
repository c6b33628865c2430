import { expect, test } from 'vitest';
import { cidrFamily, ipFamily, isUnixAddress, overlap, parseRange } from './addresses.ts';

test('addresses and ranges are told apart, with their families', () => {
  expect(
    ['10.0.0.1', '::1', '2001:2::ffff:1.2.3.4', '10.0.0', '010.0.0.1', 'fe80::1%eth0', 'a', ''].map(ipFamily),
  ).toEqual([4, 6, 6, 0, 0, 0, 0, 0]);
  expect(
    ['10.0.0.0/8', '::/0', '::/128', '10.0.0.0/33', '::/129', '10.0.0.0', '/8', '10.0.0.0/', '::/1/2'].map(cidrFamily),
  ).toEqual([4, 6, 6, 0, 0, 0, 0, 0, 0]);
  expect(['unix:///run/x', 'unix://@x', 'unix://x', 'unix:///', 'unix:/x'].map(isUnixAddress)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('a range knows its first and last address, and whether it is written with its first', () => {
  expect(parseRange('10.1.0.0/16')).toEqual({ family: 4, first: 0x0a010000n, last: 0x0a01ffffn, isCanonical: true });
  expect(parseRange('10.1.0.1/16')?.isCanonical).toBe(false);
  expect(parseRange('2001:2:1::/48')?.first).toBe(0x2001_0002_0001_0000_0000_0000_0000_0000n);
  expect(parseRange('::1.2.3.4/128')?.first).toBe(0x01020304n);
  expect(parseRange('1::2:3/128')?.first).toBe((1n << 112n) + 0x20003n);
  expect(parseRange('1:2:3:4:5:6:7::/128')?.first).toBe(0x0001_0002_0003_0004_0005_0006_0007_0000n);
  expect(parseRange('10.0.0.0')).toBeUndefined();
});

test('ranges overlap when they share an address, never across families', () => {
  const ranges = (a: string, b: string): boolean | undefined => {
    const [one, other] = [parseRange(a), parseRange(b)];
    return one && other && overlap(one, other);
  };
  expect(ranges('10.0.0.0/8', '10.255.255.255/32')).toBe(true);
  expect(ranges('10.1.0.0/16', '10.0.0.0/8')).toBe(true);
  expect(ranges('10.0.0.0/9', '10.128.0.0/9')).toBe(false);
  expect(ranges('0.0.0.0/0', '::/0')).toBe(false);
});
