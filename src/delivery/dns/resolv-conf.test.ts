import { expect, it } from 'vitest';
import { parseResolvConf, parseUpstream, readResolvConf } from './resolv-conf.ts';

it('the nameserver lines are read, three at most, and nothing else', () => {
  const text =
    '# nameserver 9.9.9.9\nsearch a.b\nnameserver 10.0.0.2\nnameserver\tfe80::1%eth0 # here\nnameserver none\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n';
  expect(parseResolvConf(text)).toEqual([
    { host: '10.0.0.2', port: 53 },
    { host: 'fe80::1%eth0', port: 53 },
    { host: '10.0.0.3', port: 53 },
  ]);
});

it('a file that is not there names no server', async () => {
  expect(await readResolvConf('/nowhere/resolv.conf')).toEqual([]);
});

it('an upstream is an address, with a port or without', () => {
  expect(parseUpstream('10.0.0.2')).toEqual({ host: '10.0.0.2', port: 53 });
  expect(parseUpstream('10.0.0.2:5353')).toEqual({ host: '10.0.0.2', port: 5353 });
  expect(parseUpstream('fd00::2')).toEqual({ host: 'fd00::2', port: 53 });
  expect(parseUpstream('[fd00::2]:5353')).toEqual({ host: 'fd00::2', port: 5353 });
  for (const text of ['', 'dns.example', '10.0.0.2:0', '10.0.0.2:99999', '10.0.0.2:', '[10.0.0.2']) {
    expect(() => parseUpstream(text), text).toThrow('is no address of a DNS server');
  }
});
