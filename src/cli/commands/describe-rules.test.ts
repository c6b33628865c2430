import { expect, it } from 'vitest';
import type { Route } from '../../model/route.ts';
import { describeGlobalLimit, describeLocalLimit, describeRoute } from './describe-rules.ts';

const destination = { host: 'pay.shop', port: 9090, subset: '' };
const route: Route = {
  name: '',
  match: [],
  destinations: [{ destination, weight: 1 }],
  requestMutation: [],
  responseMutation: [],
  hashProperties: [],
};
const refunds = [{ property: 'method', match: { kind: 'exact', value: 'refund' } }] as const;
const bucket = { maxTokens: 5, tokensPerFill: 1, fillIntervalMs: 10_000 };

it('a route is shown with what it sets in requests and in responses', () => {
  expect(describeRoute(route, 1)).toEqual(['Route 1 every request -> pay.shop:9090']);
  const changed = {
    ...route,
    requestMutation: [
      { key: 'shard', value: '2' },
      { key: 'from', value: '' },
    ],
    responseMutation: [{ key: 'seen', value: 'yes' }],
  };
  expect(describeRoute(changed, 2)).toEqual([
    'Route 2 every request -> pay.shop:9090',
    '  Sets in the request: shard = "2", from = ""',
    '  Sets in the response: seen = "yes"',
  ]);
});

it('a local rate limit is shown with its buckets, and with who enforces it', () => {
  expect(describeLocalLimit({ bucket, conditions: [] })).toEqual([
    'Local rate limit, every request: 5 at once, then 1 every 10 s',
    expect.stringContaining('enforced by proxies that stand beside the workloads'),
  ]);
  const conditions = [{ match: refunds, bucket: { ...bucket, fillIntervalMs: 50 } }];
  expect(describeLocalLimit({ bucket, conditions }).slice(0, 2)).toEqual([
    'Local rate limit, method exact "refund": 5 at once, then 1 every 50 ms',
    'Local rate limit, every other request: 5 at once, then 1 every 10 s',
  ]);
});

it('a global rate limit is shown with who is asked, by what, and what happens without an answer', () => {
  const limit = {
    match: refunds,
    domain: 'production',
    timeoutMs: 100,
    denyOnFail: true,
    cluster: 'outbound|8081||limits.shop',
    descriptors: [
      { property: 'method', descriptorKey: 'method' },
      { property: 'user', descriptorKey: 'who' },
    ],
  };
  expect(describeGlobalLimit(limit)).toBe(
    'Global rate limit, method exact "refund": domain production of outbound|8081||limits.shop, by method, user (as who); without an answer in 100 ms requests are refused',
  );
  expect(describeGlobalLimit({ ...limit, denyOnFail: false, descriptors: [] })).toMatch(
    /by nothing; .* requests pass$/,
  );
});
