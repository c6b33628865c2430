import { expect, it } from 'vitest';
import { decode, encode } from '../../xds-api/messages.ts';
import { fromJson } from '../../xds-api/proto-json.ts';
import { convertHttpRoutes } from './http-routes.ts';
import { planRoutes } from './route-plan.ts';

const HTTP = 'envoy.config.route.v3.RouteConfiguration';

const plan = (json: unknown) => planRoutes(convertHttpRoutes(decode(HTTP, encode(HTTP, fromJson(HTTP, json)))));
const withRoutes = (routes: unknown[]) => ({ name: 'r', virtualHosts: [{ name: 'dummy', domains: ['*'], routes }] });

it('turns HTTP routes back into the MetaProtocol routes that they stand for', () => {
  const route = {
    name: 'one',
    match: { prefix: '/', headers: [{ name: 'method', exactMatch: 'a' }] },
    route: {
      weightedClusters: {
        clusters: [
          { name: 'a', weight: 90 },
          { name: 'b', weight: 10 },
          { name: 'c', weight: 0 },
        ],
      },
      hashPolicy: [{ header: { headerName: 'z' } }, { header: { headerName: 'b' } }],
      requestMirrorPolicies: [
        {
          cluster: 'm',
          runtimeFraction: { defaultValue: { numerator: 250000, denominator: 'MILLION' }, runtimeKey: 'k' },
        },
      ],
    },
    requestHeadersToAdd: [{ header: { key: 'k', value: 'v' } }],
    responseHeadersToAdd: [{ header: { key: 'r', value: '' } }],
  };
  expect(plan(withRoutes([route]))).toMatchObject({
    name: 'r',
    routes: [
      {
        name: 'one',
        matchers: [{ property: 'method', exact: 'a' }],
        clusters: [
          { cluster: 'a', weight: 90 },
          { cluster: 'b', weight: 10 },
        ],
        mirrors: [{ cluster: 'm', fraction: 0.25 }],
        requestMutation: [{ key: 'k', value: 'v' }],
        responseMutation: [{ key: 'r', value: '' }],
        hashProperties: ['b', 'z'],
      },
    ],
  });
});

it('refuses what the reference asserts on', () => {
  expect(() => plan({ name: 'r' })).toThrow('exactly one virtual host, not 0');
  expect(() => plan(withRoutes([{ match: { prefix: '/' }, directResponse: { status: 200 } }]))).toThrow(
    'virtualHosts[0].routes[0]: a route needs a route action',
  );
});
