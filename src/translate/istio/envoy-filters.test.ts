import { describe, expect, it } from 'vitest';
import { defaultIstioSettings, type ProxyScope } from '../../model/istio-settings.ts';
import { callerNamespaces, everyProxy, filterPatches, type NetworkFilter, scopedLabels } from './envoy-filters.ts';

const filter: NetworkFilter = { name: 'f', typeUrl: 'type.googleapis.com/t', config: { statPrefix: 's' } };
const labels: ProxyScope = { kind: 'labels', labels: { image: 'meta', app: 'orders' } };
const metadata: ProxyScope = { kind: 'metadata', metadata: { HAS: 'it' } };

describe('a patch', () => {
  it('names the one listener, the target port or the port of a gateway, and the TCP proxy that it takes the place of', () => {
    const at = (place: Parameters<typeof filterPatches>[0]) =>
      filterPatches(place, { filters: [{ filter, operation: 'REPLACE' }], scope: everyProxy })[0]?.match;
    const chain = { filter: { name: 'envoy.filters.network.tcp_proxy' } };
    expect(at({ side: 'outbound', address: 'fd00::7', port: 80 })).toEqual({
      context: 'SIDECAR_OUTBOUND',
      listener: { name: 'fd00::7_80', filterChain: chain },
    });
    expect(at({ side: 'inbound', targetPort: 8080 })).toEqual({
      context: 'SIDECAR_INBOUND',
      listener: { name: 'virtualInbound', filterChain: { destinationPort: 8080, ...chain } },
    });
    expect(at({ side: 'gateway', port: 80 })).toEqual({
      context: 'GATEWAY',
      listener: { portNumber: 80, filterChain: chain },
    });
    expect(at({ side: 'gateway', port: 80, serverName: 'a.mesh' })).toMatchObject({
      listener: { filterChain: { sni: 'a.mesh', ...chain } },
    });
  });

  it('goes only to proxies that report what the scope asks for', () => {
    const [patch] = filterPatches(
      { side: 'inbound', targetPort: 1 },
      { filters: [{ filter, operation: 'REPLACE' }], scope: metadata },
    );
    expect(patch?.match.proxy).toEqual({ metadata: { HAS: 'it' } });
  });

  it('that keeps callers out asks for no TCP proxy, which another may have taken away', () => {
    const [patch] = filterPatches(
      { side: 'inbound', targetPort: 1 },
      { filters: [{ filter, operation: 'INSERT_FIRST' }], scope: everyProxy },
    );
    expect(patch?.match.listener?.filterChain).toEqual({ destinationPort: 1 });
  });
});

describe('the workloads of a filter', () => {
  it('are those that it is meant for, among those whose proxies can take it', () => {
    expect(scopedLabels(everyProxy)).toBeUndefined();
    expect(scopedLabels(metadata, { app: 'orders' })).toEqual({ app: 'orders' });
    expect(scopedLabels(labels)).toEqual({ app: 'orders', image: 'meta' });
    expect(scopedLabels(labels, { tier: 'back' })).toEqual({ app: 'orders', image: 'meta', tier: 'back' });
  });

  it('are nobody where labels contradict each other', () => {
    expect(scopedLabels(labels, { app: 'payments' })).toBe('nobody');
  });
});

describe('the namespaces of a filter for callers', () => {
  it("are Istio's root namespace where everybody may call, else those of all audiences", () => {
    expect(callerNamespaces(defaultIstioSettings, 'all', 'all')).toEqual(['istio-system']);
    expect(callerNamespaces(defaultIstioSettings, ['a', 'b'], 'all')).toEqual(['a', 'b']);
    expect(callerNamespaces(defaultIstioSettings, ['a', 'b'], ['b', 'c'])).toEqual(['b']);
  });
});
