import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from './tcp-address.ts';

describe('an address', () => {
  it.each([
    ['127.0.0.1:80', '127.0.0.1', 80],
    ['[::1]:0', '::1', 0],
    ['[fe80::1%eth0]:80', 'fe80::1%eth0', 80],
    ['localhost:65535', 'localhost', 65_535],
    ['isthmus_admin.mesh-system.svc:80', 'isthmus_admin.mesh-system.svc', 80],
  ])('%s is read, and written the same', (text, host, port) => {
    expect(parseAddress(text, '--admin')).toEqual({ host, port });
    expect(formatAddress(host, port)).toBe(text);
  });

  it.each([
    '',
    '80',
    ':80',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:x',
    'http://127.0.0.1:80',
    'user@host:80',
    'a host:80',
    '[127.0.0.1:80',
    '[]:80',
  ])('"%s" is refused', (text) => {
    expect(() => parseAddress(text, '--admin')).toThrow('--admin');
  });
});
