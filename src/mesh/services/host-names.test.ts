import { expect, it } from 'vitest';
import { fullHost, hostCandidates, hostPatterns } from './host-names.ts';

it.each([
  ['pay', ['pay', 'pay.shop.svc.cluster.local']],
  ['Pay', ['pay', 'pay.shop.svc.cluster.local']],
  ['pay.bank', ['pay.bank', 'pay.bank.svc.cluster.local']],
  ['pay.bank.svc', ['pay.bank.svc', 'pay.bank.svc.cluster.local']],
  ['pay.bank.example', ['pay.bank.example']],
  ['*.example', ['*.example']],
])('the host %s, written in the namespace shop, may mean %j', (written, expected) => {
  expect(hostCandidates(written, 'shop', 'cluster.local')).toEqual(expected);
});

it.each([
  ['pay', 'pay.shop.svc.cluster.local'],
  ['pay.example', 'pay.example'],
])('the unknown host %s is called %s', (written, expected) => {
  expect(fullHost(written, 'shop', 'cluster.local')).toBe(expected);
});

it.each([
  ['a.b.c', ['a.b.c', '*.b.c', '*.c', '*']],
  ['a', ['a', '*']],
  ['*.b.c', ['*.b.c', '*.c', '*']],
  ['*', ['*']],
])('rules for %s are looked for as %j', (host, expected) => {
  expect(hostPatterns(host)).toEqual(expected);
});
