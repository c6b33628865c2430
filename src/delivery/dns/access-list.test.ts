import { expect, it } from 'vitest';
import { AccessList, nearNetworks } from './access-list.ts';

it('near addresses may ask, and no others', () => {
  const list = new AccessList(nearNetworks);
  const near = ['127.0.0.1', '10.1.2.3', '172.31.255.255', '192.168.0.1', '100.64.0.1', '169.254.1.1'];
  for (const address of [...near, '::1', 'fd00::2', 'fe80::1%eth0', '::ffff:10.0.0.1']) {
    expect([address, list.allows(address)]).toEqual([address, true]);
    expect([address, list.allows(address)]).toEqual([address, true]);
  }
  for (const address of ['8.8.8.8', '172.32.0.1', '11.0.0.1', '2001:db8::1', '::ffff:8.8.8.8', '::', 'nonsense', '']) {
    expect([address, list.allows(address)]).toEqual([address, false]);
  }
});

it('networks are what is written, single addresses too', () => {
  const list = new AccessList(['203.0.113.0/24', '2001:db8::5', '0.0.0.0/0']);
  expect(list.allows('2001:db8::5')).toBe(true);
  expect(list.allows('2001:db8::6')).toBe(false);
  expect(list.allows('8.8.8.8')).toBe(true);
});

it('what is no network is refused when it is written', () => {
  for (const text of ['', 'here', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '::/129', '10.0.0.0/x']) {
    expect(() => new AccessList([text]), text).toThrow('is no network');
  }
});

it('an address that was asked about before is remembered, and many of them are no burden', () => {
  const list = new AccessList(['10.0.0.0/8']);
  for (let at = 0; at < 10_000; at++) list.allows(`11.0.${at >> 8}.${at & 255}`);
  expect(list.allows('10.0.0.1')).toBe(true);
});
