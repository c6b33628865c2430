import { describe, expect, it } from 'vitest';
import type { AccessRule, RequestCondition } from '../../model/access.ts';
import { toJson } from '../../xds-api/proto-json.ts';
import { httpAccess, httpAccessFilter, networkAccessFilter, permittedCallers } from './access-control.ts';

const BUYER = 'spiffe://cluster.local/ns/shop/sa/buyer';

const rule = (parts: Partial<AccessRule> = {}): AccessRule => ({
  object: { kind: 'TrafficTarget', namespace: 'shop', name: 'books' },
  sources: [BUYER],
  ports: 'any',
  requests: 'any',
  ...parts,
});

const when = (...conditions: readonly Partial<RequestCondition>[]) =>
  rule({ requests: conditions.map((parts) => ({ pathRegex: '', methods: [], headers: [], ...parts })) });

/** What the routes tell the filter, in the form of a filter. */
const http = (rules: readonly AccessRule[] | 'any', port = 80) => {
  const typedPerFilterConfig = httpAccess(rules, port);
  const host = toJson('envoy.config.route.v3.VirtualHost', { typedPerFilterConfig });
  return { typedConfig: JSON.parse(JSON.stringify(host)).typedPerFilterConfig['envoy.filters.http.rbac'].rbac };
};
const network = (rules: readonly AccessRule[], port = 80) =>
  toJson('envoy.config.listener.v3.Filter', networkAccessFilter(rules, port));
const policies = (named: object) => ({ typedConfig: { rules: { policies: named } } });
const permissions = (...wanted: readonly object[]) => policies({ 'shop/books': { permissions: wanted } });

describe('what permits nothing', () => {
  it.each<[string, readonly AccessRule[]]>([
    ['no rules', []],
    ['no sources', [rule({ sources: [] })]],
    ['no ports', [rule({ ports: [] })]],
    ['no requests', [when()]],
    ['another port', [rule({ ports: [443] })]],
  ])('%s: a filter that is there and denies all', (_, rules) => {
    // Without `rules` a filter lets everything pass.
    expect(http(rules)).toMatchObject({ typedConfig: { rules: {} } });
    expect(network(rules)).toMatchObject({ typedConfig: { rules: {} } });
    expect(JSON.stringify([http(rules), network(rules)])).not.toContain('policies');
  });

  it('routes that say nothing of access: a filter that denies all', () => {
    const filter = toJson('envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter', httpAccessFilter);
    expect(filter).toMatchObject({ typedConfig: { rules: {} } });
    expect(JSON.stringify(filter)).not.toContain('policies');
  });

  it('a rule for HTTP opens no connection', () => {
    expect(JSON.stringify(network([when({ pathRegex: '/books' })]))).not.toContain('policies');
  });
});

it('lets everything through where routes say so, which nothing but the mesh does', () => {
  expect(http('any').typedConfig).toBeUndefined();
});

it('takes who calls from the URI names of a verified certificate alone', () => {
  const principal = (matcher: object) => ({
    custom: {
      name: 'envoy.rbac.principals.mtls_authenticated',
      typedConfig: { sanMatcher: { sanType: 'URI', matcher } },
    },
  });
  const rules = [rule({ sources: [BUYER, 'spiffe://x/y'] }), rule({ sources: 'any' })];
  for (const filter of [http(rules), network(rules)])
    expect(filter).toMatchObject(
      policies({
        'shop/books': { principals: [principal({ exact: BUYER }), principal({ exact: 'spiffe://x/y' })] },
        'shop/books#2': { principals: [principal({ prefix: 'spiffe://' })] },
      }),
    );
});

it('asks for all parts of a condition, and for one of several conditions', () => {
  const header = (name: string, stringMatch: object) => ({ header: { name, stringMatch } });
  const path = { urlPath: { path: { safeRegex: { regex: '(?:/books).*' } } } };
  const get = header(':method', { exact: 'GET' });
  const put = header(':method', { exact: 'PUT' });
  expect(http([when({ pathRegex: '/books' }, { methods: ['GET', 'PUT'] }, {})])).toMatchObject(
    permissions(path, { orRules: { rules: [get, put] } }, { any: true }),
  );
  const headers = [
    { name: 'x-role', regex: 'good' },
    { name: 'host', regex: 'books' },
  ];
  expect(http([when({ pathRegex: '/books', methods: ['GET'], headers })])).toMatchObject(
    permissions({
      andRules: {
        rules: [
          path,
          get,
          header('x-role', { safeRegex: { regex: 'good' } }),
          header(':authority', { safeRegex: { regex: 'books' } }),
        ],
      },
    }),
  );
});

it('writes what is equal in equal bytes, and for the port in question only', () => {
  const other = rule({ ports: [443], object: { kind: 'TrafficTarget', name: 'other' } });
  const bytes = (rules: readonly AccessRule[], port: number) =>
    httpAccess(rules, port)['envoy.filters.http.rbac']?.value;
  expect(bytes([rule(), other], 80)).toEqual(bytes([rule()], 80));
  expect(bytes([rule(), other], 443)).not.toEqual(bytes([rule()], 443));
});

it('opens handshakes to those who may open connections, and to nobody else', () => {
  const far = rule({ sources: ['spiffe://x/y'], ports: [80] });
  expect(permittedCallers([rule(), far, when({})], 80)).toEqual([BUYER, 'spiffe://x/y']);
  expect(permittedCallers([rule(), far], 443)).toEqual([BUYER]);
  expect(permittedCallers([when({})], 80)).toEqual([]);
  expect(permittedCallers([rule(), rule({ sources: 'any' })], 80)).toBe('any');
});
