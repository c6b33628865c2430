import { describe, expect, it } from 'vitest';
import type { ProxyNode } from '../model/proxy.ts';
import { inboundScope, outboundScopes, scopesOf } from './scope.ts';
import { meshService } from './translation-fixture.ts';

const proxy: ProxyNode = {
  id: 'sidecar~10.0.0.5~orders.shop~cluster.local',
  kind: 'metaproxy',
  namespace: 'shop',
  workload: 'orders',
  addresses: ['10.0.0.5', 'fd00::5'],
  labels: {},
  extensions: [],
  serviceAccount: '',
};

describe('the scopes of a proxy', () => {
  it('begin with what it listens for, then its namespace, then what all may see', () => {
    expect(scopesOf(proxy)).toEqual([
      'metaproxy@10.0.0.5',
      'metaproxy@fd00::5',
      'metaproxy/shop',
      'all/shop',
      'metaproxy/*',
      'all/*',
    ]);
  });

  it('hold nothing that is exported to another namespace or stands at another address', () => {
    const others = [
      ...outboundScopes(
        'metaproxy',
        meshService({ service: { visibility: { kind: 'namespaces', namespaces: ['pay'] } } }),
      ),
      ...outboundScopes('envoy', meshService()),
      inboundScope('metaproxy', '10.0.0.6'),
    ];
    expect(others).toEqual(['metaproxy/pay', 'envoy/*', 'metaproxy@10.0.0.6']);
    expect(scopesOf(proxy).filter((scope) => others.includes(scope))).toEqual([]);
  });

  it('hold listeners that only pass connections on where an Envoy says that it lacks a filter for requests', () => {
    const envoy: ProxyNode = { ...proxy, kind: 'envoy', addresses: [] };
    const filters = ['thrift_proxy', 'generic_proxy'].map((name) => `envoy.filters.network.${name}`);
    expect(scopesOf({ ...envoy, extensions: filters.slice(0, 1) })).toEqual([
      'envoy+limited/shop',
      'envoy/shop',
      'all/shop',
      'envoy+limited/*',
      'envoy/*',
      'all/*',
    ]);
    expect(scopesOf({ ...envoy, extensions: filters.slice(0, 1), interception: 'redirect' })).toContain(
      'envoy+handed-limited/*',
    );
    for (const extensions of [filters, []])
      expect(scopesOf({ ...envoy, extensions })).toEqual(['envoy/shop', 'all/shop', 'envoy/*', 'all/*']);
  });

  it('give callers the host of their own namespace first where several declare it', () => {
    const own = outboundScopes('metaproxy', { ...meshService(), contested: true });
    const other = outboundScopes('metaproxy', { ...meshService({ service: { namespace: 'pay' } }), contested: true });
    const first = scopesOf(proxy).find((scope) => own.includes(scope) || other.includes(scope)) ?? '';
    expect([own.includes(first), other.includes(first)]).toEqual([true, false]);
    expect(other).toContain('metaproxy/*');
  });
});
