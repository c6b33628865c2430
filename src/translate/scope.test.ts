import { describe, expect, it } from 'vitest';
import type { ProxyNode } from '../model/proxy.ts';
import { inboundScope, outboundScopes, scopesOf } from './scope.ts';

const proxy: ProxyNode = {
  id: 'sidecar~10.0.0.5~orders.shop~cluster.local',
  kind: 'metaproxy',
  namespace: 'shop',
  workload: 'orders',
  addresses: ['10.0.0.5', 'fd00::5'],
  labels: {},
  extensions: [],
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
      ...outboundScopes('metaproxy', { kind: 'namespaces', namespaces: ['pay'] }),
      ...outboundScopes('envoy', { kind: 'public' }),
      inboundScope('metaproxy', '10.0.0.6'),
    ];
    expect(others).toEqual(['metaproxy/pay', 'envoy/*', 'metaproxy@10.0.0.6']);
    expect(scopesOf(proxy).filter((scope) => others.includes(scope))).toEqual([]);
  });
});
