import { expect, it } from 'vitest';
import { calledProxies } from './called-proxies.ts';

const ids = [
  'sidecar~10.0.0.2~web-1.town~town.svc.cluster.local',
  'sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local',
  'sidecar~10.0.0.3~pay.v2.shop~shop.svc.cluster.local',
  'shop/checkout-1',
  'plain',
];

it.each([
  ['web-1', [ids[1], ids[0]]],
  ['web-1.shop', [ids[1]]],
  ['10.0.0.2', [ids[0]]],
  ['pay.v2', [ids[2]]],
  ['pay', []],
  ['checkout-1', [ids[3]]],
  ['shop', []],
  ['plain', [ids[4]]],
  ['sidecar', []],
  ['', []],
])('by %s proxies are meant whose workload is called so', (name, expected) => {
  expect(calledProxies(name, [...ids, ...ids])).toEqual(expected);
});
