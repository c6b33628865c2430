import { describe, expect, it } from 'vitest';
import type { PropertyMatch, Route, StringMatch } from '../model/route.ts';
import { translateClusters } from './envoy/clusters.ts';
import { translateOutbound } from './outbound.ts';
import {
  destination,
  HOST,
  meshService,
  metaPort,
  OUTBOUND,
  route,
  routeTable,
  settings,
  shown,
  thrift,
} from './translation-fixture.ts';

const codec = { protocol: { ...thrift.protocol, name: 'dubbo', codec: 'aeraki.meta_protocol.codec.dubbo' } };
const LISTENER = 'envoy/* Listener 240.241.0.7_9090';
const ROUTES = `envoy/* RouteConfiguration ${HOST}_9090`;

const has = (property: string, value: string | StringMatch = 'a'): PropertyMatch => ({
  property,
  match: typeof value === 'string' ? { kind: 'exact', value } : value,
});
const service = (...routes: readonly Route[]) =>
  meshService({ ports: [metaPort({ codec, routes: routeTable(...routes) })] });
const told = (...routes: readonly Route[]) => translateOutbound('envoy', service(...routes), settings);
const routesTold = (...routes: readonly Route[]) => shown(told(...routes).resources)[ROUTES];
const to = (cluster: string) => ({ action: { typedConfig: { cluster, timeout: '0s' } } });
const matching = (match: object, cluster = OUTBOUND) => ({
  predicate: { singlePredicate: { customMatch: { typedConfig: match } } },
  onMatch: to(cluster),
});

describe('a Dubbo port, to a stock Envoy', () => {
  it('is plain TCP as long as no rule picks calls that Envoy can tell apart', () => {
    const split = route({ destinations: ['v1', 'v2'].map((one) => ({ destination: destination(one), weight: 50 })) });
    for (const rules of [[route()], [split], [route({ match: [has('x-dubbo-serialization', 'fastjson2')] })]])
      expect(shown(told(...rules).resources)).toMatchObject({
        [LISTENER]: { filterChains: [{ filters: [{ name: 'envoy.filters.network.tcp_proxy' }] }] },
      });
  });

  it('is read with the codec for Dubbo, its routes by discovery', () => {
    expect(shown(told(route({ match: [has('method')] })).resources)[LISTENER]).toMatchObject({
      filterChains: [
        {
          filters: [
            {
              name: 'envoy.filters.network.generic_proxy',
              typedConfig: {
                codecConfig: { name: 'envoy.generic_proxy.codecs.dubbo' },
                genericRds: { routeConfigName: `${HOST}_9090` },
              },
            },
          ],
        },
      ],
    });
  });

  it('is plain TCP all the same to an Envoy that lacks the filter, however its connections come', () => {
    const tcp = { filterChains: [{ filters: [{ name: 'envoy.filters.network.tcp_proxy' }] }] };
    const { resources } = told(route({ match: [has('method')] }));
    expect(shown(resources)).toMatchObject({
      'envoy+limited/* Listener 240.241.0.7_9090': tcp,
      'envoy+handed-limited/* Listener 240.241.0.7_9090': { ...tcp, bindToPort: false },
    });
  });

  it('may send frames as large as its providers take', () => {
    const limit = { perConnectionBufferLimitBytes: 16_777_216 };
    const picking = service(route({ match: [has('method')] }));
    expect(shown(translateOutbound('envoy', picking, settings).resources)[LISTENER]).toMatchObject(limit);
    expect(shown(translateClusters(picking).resources)).toMatchObject({ [`all/* Cluster ${OUTBOUND}`]: limit });
    const other = shown(translateClusters(meshService()).resources)[`all/* Cluster ${OUTBOUND}`];
    expect(other).not.toHaveProperty('perConnectionBufferLimitBytes');
  });

  it('is routed by interface, method, version and attachments, each matched in every way', () => {
    const rules = [
      route({ match: [has('interface', 'shop.Orders'), has('method', { kind: 'regex', value: 'get.*' })] }),
      route({ match: [has('group', { kind: 'prefix', value: 'n' }), has('tag', { kind: 'present' }), has('version')] }),
    ];
    expect(routesTold(...rules)).toMatchObject({
      routes: {
        matcherList: {
          matchers: [
            matching({ host: { exact: 'shop.Orders' }, method: { safeRegex: { regex: 'get.*' } } }),
            matching({
              properties: [
                { name: 'group', stringMatch: { prefix: 'n' } },
                { name: 'tag', stringMatch: { safeRegex: { regex: '(?s).*' } } },
                { name: 'version', stringMatch: { exact: 'a' } },
              ],
            }),
          ],
        },
      },
    });
  });

  it('goes nowhere with what no rule is for, as by every proxy that reads it', () => {
    expect(routesTold(route({ match: [has('method')] }))).not.toHaveProperty('routes.onNoMatch');
    expect(routesTold(route({ match: [has('method')] }), route())).toMatchObject({
      routes: { onNoMatch: to(OUTBOUND) },
    });
  });

  it('sends what a rule would pick that cannot be told where the rules after it do, or else to the whole service', () => {
    const untold = route({ match: [has('x-dubbo-serialization')] });
    const picking = route({ match: [has('method')] });
    expect(routesTold(untold, picking)).toMatchObject({
      routes: { matcherList: { matchers: [matching({ method: { exact: 'a' } })] }, onNoMatch: to(OUTBOUND) },
    });
    expect(told(untold, picking).findings.map(({ code, path }) => [code, path])).toEqual([
      ['ISTH0701', 'ports[9090].routes[0].match'],
    ]);
  });

  it('sends all to the heaviest of several destinations, and says so, with all else that is not enforced', () => {
    const weights = ['v1', 'v2', 'v3'].map((one, at) => ({
      destination: destination(one),
      weight: [10, 60, 30][at] ?? 0,
    }));
    const rule = route({
      name: 'split',
      match: [has('method')],
      destinations: weights,
      mirror: { destination: destination('v1'), percentage: 5 },
      requestMutation: [{ key: 'a', value: 'b' }],
      responseMutation: [{ key: 'a', value: 'b' }],
      hashProperties: ['tag'],
    });
    const heaviest = `outbound|9090|v2|${HOST}`;
    expect(routesTold(rule)).toMatchObject({
      routes: { matcherList: { matchers: [matching({ method: { exact: 'a' } }, heaviest)] } },
    });
    expect(told(rule).findings.map(({ message }) => message)).toEqual([
      `Stock Envoys do not do the weights (all goes to ${heaviest}), mirror, requestMutation, responseMutation, consistent hash by property of route split to port 9090.`,
    ]);
  });
});
