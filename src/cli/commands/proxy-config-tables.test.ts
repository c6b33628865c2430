import { describe, expect, it } from 'vitest';
import { tables } from './proxy-config-tables.ts';

const rows = (type: string, name: string, resource: unknown) =>
  tables[type]?.rows({ type, name, version: 'v', resource }) ?? [];

describe('tables of a proxy’s configuration', () => {
  it('show where endpoints stand', () => {
    const resource = {
      endpoints: [
        {
          locality: { region: 'south', zone: 'z1' },
          lbEndpoints: [
            {
              endpoint: { address: { socketAddress: { address: '10.0.0.1', portValue: 8080 } } },
              healthStatus: 'UNHEALTHY',
              loadBalancingWeight: 3,
            },
            { endpoint: { address: { pipe: { path: '/run/a.sock' } } } },
          ],
        },
      ],
    };
    expect(rows('endpoint', 'outbound|80||a', resource)).toEqual([
      ['10.0.0.1:8080', 'UNHEALTHY', '3', 'south/z1', 'outbound|80||a'],
      ['unix:///run/a.sock', 'HEALTHY', '1', 'south/z1', 'outbound|80||a'],
    ]);
  });

  it('show what a route asks for and where it leads, in both of its forms', () => {
    const route = {
      weightedClusters: {
        clusters: [
          { name: 'a', weight: 90 },
          { name: 'b', weight: 10 },
        ],
      },
    };
    const native = { routes: [{ match: { metadata: [{ name: 'cmd', exactMatch: '2' }] }, route }] };
    const http = {
      virtualHosts: [
        {
          routes: [
            {
              match: { headers: [{ name: 'x', presentMatch: true }] },
              route: { cluster: 'c', requestMirrorPolicies: [{ cluster: 'm' }] },
            },
          ],
        },
      ],
    };
    expect(rows('route', 'r', native)).toEqual([['r', 'cmd = "2"', 'a 90, b 10', '-']]);
    expect(rows('route', 'r', http)).toEqual([['r', 'x present', 'c', 'm']]);
  });

  it('show a listener by its address, and a cluster by the parts of its name', () => {
    const typedConfig = { '@type': 'type.googleapis.com/x.v3.TcpProxy', cluster: 'outbound|80||a' };
    const listener = {
      address: { socketAddress: { address: '240.241.0.1', portValue: 80 } },
      filterChains: [{ filters: [{ typedConfig }] }],
    };
    expect(rows('listener', 'l', listener)).toEqual([['240.241.0.1', '80', 'TcpProxy', 'outbound|80||a']]);
    expect(rows('cluster', 'outbound|80|v1|a.b', { type: 'EDS' })).toEqual([['a.b', '80', 'v1', 'outbound', 'EDS']]);
  });

  it.each(['cluster', 'endpoint', 'listener', 'route'])('of type %s throw at nothing', (type) => {
    for (const resource of [undefined, null, 'x', [], {}, { endpoints: 'x', routes: [null], filterChains: [1] }])
      expect(() => rows(type, '', resource)).not.toThrow();
  });
});
