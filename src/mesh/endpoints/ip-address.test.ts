import { expect, it } from 'vitest';
import { isIpAddress, plainAddress, singleAddress } from './ip-address.ts';

it.each(['1.2.3.4', '0.0.0.0', '255.255.255.255', '::', '::1', '2001:2:1::a', 'FE80::1', '::ffff:1.2.3.4'])(
  '%s is an IP address',
  (text) => {
    expect(isIpAddress(text)).toBe(true);
  },
);

it.each([
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.4.',
  '256.1.1.1',
  '01.2.3.4',
  '1.2.3.4/8',
  'a.b.c.d',
  'example.com',
  ':',
  ':::',
  '1::2::3',
  '12345::',
  '::1%eth0',
  '[::1]',
  '::1]/x[',
  'unix:///x',
  '1.2.3.4:80',
])('%j is none', (text) => {
  expect(isIpAddress(text)).toBe(false);
});

it('a range of one address is that address', () => {
  expect(['1.2.3.4/32', '1.2.3.4', '::1/128', '1.2.3.4/8', '::/32', 'x/32'].map(singleAddress)).toEqual([
    '1.2.3.4',
    '1.2.3.4',
    '::1',
    undefined,
    undefined,
    undefined,
  ]);
});

it.each(['0.0.0.0', '0.0.0.0/32', '::', '::/128', '0:0::0', '::0.0.0.0', '::ffff:0.0.0.0'])(
  '%s stands for all addresses, and is none that is dialled',
  (text) => {
    expect(singleAddress(text)).toBeUndefined();
  },
);

it('an address that may be written in several ways has one text', () => {
  const written = [
    '2001:DB8:0::5',
    '2001:db8:0:0:0:0:0:5/128',
    '2001:db8::5',
    '1.2.3.4/32',
    '1.2.3.4/8',
    '::FFFF:1.2.3.4',
  ];
  expect(written.map(plainAddress)).toEqual([
    '2001:db8::5',
    '2001:db8::5',
    '2001:db8::5',
    '1.2.3.4',
    '1.2.3.4/8',
    '::ffff:1.2.3.4',
  ]);
});
