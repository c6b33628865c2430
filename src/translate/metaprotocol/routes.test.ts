import { describe, expect, it } from 'vitest';
import type { RouteTable } from '../../model/route.ts';
import { destination, HOST, OUTBOUND, route, routeTable, shown } from '../translation-fixture.ts';
import type { MetaKind } from './dialect.ts';
import { httpRoutes } from './http-routes.ts';
import { metaRoutes } from './routes.ts';

const subset = (name: string) => `outbound|9090|${name}|${HOST}`;

const table = routeTable(
  route({
    name: 'matched',
    match: [
      { property: 'Method', match: { kind: 'exact', value: 'pay' } },
      { property: 'app', match: { kind: 'prefix', value: 'a-' } },
      { property: 'user', match: { kind: 'regex', value: '[0-9]+' } },
      { property: 'zone', match: { kind: 'present' } },
    ],
    destinations: [{ destination: destination('v2'), weight: 100 }],
    requestMutation: [
      { key: 'b', value: '1' },
      { key: 'a', value: '' },
    ],
    responseMutation: [{ key: 'c', value: '3' }],
  }),
  route({
    name: 'split',
    destinations: [
      { destination: destination('v1'), weight: 70 },
      { destination: destination('v2'), weight: 20 },
      { destination: destination('v3'), weight: 0 },
    ],
    mirror: { destination: destination('v4'), percentage: 12.34567 },
    hashProperties: ['user', 'zone'],
  }),
);

const http = (routes: RouteTable, kind: MetaKind) =>
  shown([{ scope: '', resource: httpRoutes(routes, kind) }])[` RouteConfiguration ${HOST}_9090`];
const native = (routes: RouteTable) =>
  shown([{ scope: '', resource: metaRoutes(routes) }])[` meta.RouteConfiguration ${HOST}_9090`];

const httpJson = (headers: readonly object[], totalWeight: object) => ({
  name: `${HOST}_9090`,
  virtualHosts: [
    {
      name: 'dummy',
      domains: ['*'],
      routes: [
        {
          match: { prefix: '/', headers },
          route: { cluster: subset('v2') },
          requestHeadersToAdd: [{ header: { key: 'b', value: '1' } }, { header: { key: 'a' } }],
          responseHeadersToAdd: [{ header: { key: 'c', value: '3' } }],
          name: 'matched',
        },
        {
          match: { prefix: '/' },
          route: {
            weightedClusters: {
              clusters: [
                { name: subset('v1'), weight: 70 },
                { name: subset('v2'), weight: 20 },
                { name: subset('v3'), weight: 0 },
              ],
              ...totalWeight,
            },
            hashPolicy: [{ header: { headerName: 'user' } }, { header: { headerName: 'zone' } }],
            requestMirrorPolicies: [
              {
                cluster: subset('v4'),
                runtimeFraction: { defaultValue: { numerator: 123456, denominator: 'MILLION' } },
              },
            ],
          },
          name: 'split',
        },
      ],
    },
  ],
});

const modernMatchers = [
  { name: 'Method', stringMatch: { exact: 'pay' } },
  { name: 'app', stringMatch: { prefix: 'a-' } },
  { name: 'user', stringMatch: { safeRegex: { regex: '[0-9]+' } } },
  { name: 'zone', presentMatch: true },
];

describe('MetaProtocol routes', () => {
  it('travel to deployed proxies as HTTP routes with the deprecated matchers and a total weight', () => {
    const deprecated = [
      { name: 'Method', exactMatch: 'pay' },
      { name: 'app', prefixMatch: 'a-' },
      { name: 'user', safeRegexMatch: { googleRe2: {}, regex: '[0-9]+' } },
      { name: 'zone', presentMatch: true },
    ];
    expect(http(table, 'envoy-meta')).toEqual(httpJson(deprecated, { totalWeight: 90 }));
  });

  it('travel to metaproxy as HTTP routes without anything deprecated', () => {
    expect(http(table, 'metaproxy')).toEqual(httpJson(modernMatchers, {}));
  });

  it('have a form of their own under the same name', () => {
    expect(native(table)).toEqual({
      name: `${HOST}_9090`,
      routes: [
        {
          name: 'matched',
          match: { metadata: modernMatchers },
          route: { cluster: subset('v2') },
          requestMutation: [{ key: 'b', value: '1' }, { key: 'a' }],
          responseMutation: [{ key: 'c', value: '3' }],
        },
        {
          name: 'split',
          route: {
            weightedClusters: {
              clusters: [
                { name: subset('v1'), weight: 70 },
                { name: subset('v2'), weight: 20 },
                { name: subset('v3'), weight: 0 },
              ],
            },
            hashPolicy: ['user', 'zone'],
            requestMirrorPolicies: [
              {
                cluster: subset('v4'),
                runtimeFraction: { defaultValue: { numerator: 123456, denominator: 'MILLION' } },
              },
            ],
          },
        },
      ],
    });
  });

  it('are one catch-all route to the whole service where nothing is written', () => {
    expect(http(routeTable(route()), 'envoy-meta')).toEqual({
      name: `${HOST}_9090`,
      virtualHosts: [
        {
          name: 'dummy',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: OUTBOUND }, name: 'default' }],
        },
      ],
    });
    expect(native(routeTable(route()))).toEqual({
      name: `${HOST}_9090`,
      routes: [{ name: 'default', route: { cluster: OUTBOUND } }],
    });
  });

  it('mirror everything at 100 percent, and ask for presence where a prefix is empty', () => {
    const all = route({
      match: [{ property: 'a', match: { kind: 'prefix', value: '' } }],
      mirror: { destination: destination('v2'), percentage: 100 },
    });
    const json = JSON.stringify([http(routeTable(all), 'envoy-meta'), native(routeTable(all))]);
    expect(json.match(/"numerator":1000000,"denominator":"MILLION"/g)).toHaveLength(2);
    expect(json.match(/{"name":"a","presentMatch":true}/g)).toHaveLength(2);
  });

  it('stay a table with one virtual host when all of them were in error', () => {
    expect(http(routeTable(), 'metaproxy')).toEqual({
      name: `${HOST}_9090`,
      virtualHosts: [{ name: 'dummy', domains: ['*'] }],
    });
  });
});
