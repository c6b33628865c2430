import { expect, test } from 'vitest';
import type { SplitRoute } from '../../model/traffic-split.ts';
import { describeSplit } from './describe-policies.ts';

const origin = { object: { kind: 'VirtualService', namespace: 'shop', name: 'web' } };
const headers = { request: { set: [], add: [], remove: ['a'] }, response: { set: [], add: [], remove: [] } };

function described(route: Partial<SplitRoute>): string {
  const destinations = [{ destination: { host: 'web.mesh', port: 80, subset: '' }, weight: 1 }];
  return describeSplit({ origin, requests: 'any', destinations, ...route });
}

test('a route says what is done with its requests on their way', () => {
  const retry = { conditions: ['reset'], retries: 3, backoffMs: 25 };
  const mirrors = [{ destination: { host: 'copy.mesh', port: 81, subset: '' }, percentage: 5 }];
  const faults = { delay: { percentage: 1, ms: 2000 }, abort: { percentage: 2, httpStatus: 500 } };
  const http = { timeoutMs: 3000, retry, mirrors, headers, faults, rewrite: { path: '/b', authority: 'new.mesh' } };
  expect(described({ http })).toBe(
    'Split: everything -> web.mesh:80 100 %, within 3 s, retried at most 3 times, 5 % mirrored to copy.mesh:81, as new.mesh/b, headers changed, 1 % delayed by 2 s, 2 % aborted, by VirtualService shop/web',
  );
  expect(described({ http: { mirrors: [], retry: 'never' } })).toContain('100 %, never retried, by');
});

test('a route that answers by itself says so, and one that leads nowhere is refused', () => {
  const answer = { kind: 'redirection', status: 307, path: '/new' } as const;
  expect(described({ destinations: [], http: { mirrors: [], answer } })).toBe(
    "Split: everything -> answered with 307 by the caller's proxy, by VirtualService shop/web",
  );
  expect(described({ destinations: [] })).toContain('nowhere, it is refused');
});

test('what a route asks for is named, as a whole', () => {
  const requests = [
    {
      pathRegex: '',
      path: { kind: 'prefix', value: '/a.b' },
      methods: ['GET'],
      headers: [{ name: 'x', regex: 'y' }],
      query: [{ name: 'q' }, { name: 'p', regex: '1' }],
      withoutHeaders: [{ name: 'old' }],
      sourceNamespace: 'desk',
    },
  ] as const;
  expect(described({ requests })).toContain('GET /a\\.b x=y ?q ?p=1 not old from desk ->');
});
