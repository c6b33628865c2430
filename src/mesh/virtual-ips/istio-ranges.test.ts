import { expect, it } from 'vitest';
import { rangesOfIstioToo } from './istio-ranges.ts';
import { defaultRanges } from './virtual-ips.ts';

it('names the ranges from which Istio gives addresses as well', () => {
  expect(rangesOfIstioToo(defaultRanges)).toEqual([]);
  const ranges = { ipv4: ['240.0.0.0/4', '10.0.0.0/8'], ipv6: ['2001:2:0:1::/64'], quarantine: 0 };
  expect(rangesOfIstioToo(ranges)).toEqual([
    ['240.0.0.0/4', '240.240.0.0/16'],
    ['2001:2:0:1::/64', '2001:2::/48'],
  ]);
});
