import { describe, expect, it } from 'vitest';
import type { ProxyNode } from '../../model/proxy.ts';
import { proxyNode } from '../../model/proxy-fixture.ts';
import { translateInbound } from '../inbound.ts';
import { translateOutbound } from '../outbound.ts';
import { type ScopedResource, scopesOf } from '../scope.ts';
import { inboundPort, meshService, plain, servicePort, settings, shown } from '../translation-fixture.ts';
import { handedListeners, translateInterception } from './interception.ts';

const node = proxyNode('a', { addresses: ['10.0.0.5'] });
const service = meshService({ ports: [{ port: servicePort(plain('tcp')) }] });
const bound = translateOutbound('envoy', service, settings).resources;

/** By name, of what a proxy sees the first. */
function seen(proxy: Partial<ProxyNode>, all: readonly ScopedResource[]): Record<string, unknown> {
  const scopes = scopesOf({ ...node, ...proxy });
  const own = scopes.flatMap((scope) => all.filter((one) => one.scope === scope)).toReversed();
  return Object.fromEntries(own.map((one) => [one.resource.name, Object.values(shown([one]))[0]]));
}

describe('listeners of a proxy that is handed its connections', () => {
  const all = [...bound, ...handedListeners('envoy', bound)];

  it('are those of all others, but not bound', () => {
    const name = '240.241.0.7_9090';
    const { bindToPort, ...rest } = Object(seen({ interception: 'redirect' }, all)[name]);
    expect(bindToPort).toBe(false);
    expect(rest).toEqual(seen({}, all)[name]);
  });

  it('before a workload are not bound either, and take the place of the bound ones', () => {
    const inbound = translateInbound('envoy', inboundPort(), settings).resources;
    const both = [...inbound, ...handedListeners('envoy', inbound)];
    expect(seen({ interception: 'tproxy' }, both)).toMatchObject({ '10.0.0.5_8080': { bindToPort: false } });
    expect(JSON.stringify(seen({}, both))).not.toContain('bindToPort');
  });

  it('are all that is made anew for them: clusters and routes are shared', () => {
    const http = translateOutbound('envoy', { ...service, security: securityOf() }, settings).resources;
    expect(handedListeners('envoy', http).every(({ resource }) => resource.typeUrl.endsWith('.Listener'))).toBe(true);
  });
});

function securityOf() {
  return { key: service.service.key, identities: [], callers: 'any' as const };
}

describe('what takes the connections', () => {
  const entrances = (access: 'Disabled' | 'Permissive' | 'Enforced', proxy: Partial<ProxyNode> = {}) =>
    seen({ interception: 'redirect', ...proxy }, translateInterception('envoy', 'redirect', { ...settings, access }));

  it('hands them to the listener of the address that was dialled', () => {
    expect(entrances('Enforced')).toMatchObject({
      virtualOutbound: { useOriginalDst: true, address: { socketAddress: { address: '0.0.0.0', portValue: 15001 } } },
      virtualInbound: { useOriginalDst: true, address: { socketAddress: { address: '0.0.0.0', portValue: 15006 } } },
    });
  });

  it('waits for no byte of anybody: a server may speak first', () => {
    expect(JSON.stringify(entrances('Enforced'))).not.toContain('listenerFilters');
  });

  it('refuses what was for nobody where certificates are asked for, and passes it on in a mesh in plaintext', () => {
    const elsewhere = (access: 'Disabled' | 'Permissive' | 'Enforced') => {
      const { virtualOutbound, virtualInbound } = entrances(access);
      return [virtualOutbound, virtualInbound].map((listener) => Object(listener).defaultFilterChain.name);
    };
    expect(elsewhere('Enforced')).toEqual(['BlackHoleCluster', 'BlackHoleCluster']);
    expect(elsewhere('Permissive')).toEqual(['BlackHoleCluster', 'BlackHoleCluster']);
    expect(elsewhere('Disabled')).toEqual(['PassthroughCluster', 'InboundPassthroughCluster']);
  });

  it('never passes on to itself', () => {
    for (const listener of ['virtualOutbound', 'virtualInbound'])
      expect(entrances('Disabled')[listener]).toMatchObject({
        filterChains: [{ filterChainMatch: { destinationPort: expect.any(Number) }, name: 'BlackHoleCluster' }],
      });
  });

  it('stands where the machine has addresses: a family that it lacks cannot be listened on', () => {
    const names = (...addresses: readonly string[]) =>
      Object.keys(entrances('Enforced', { addresses }))
        .filter((name) => name.startsWith('virtual'))
        .toSorted();
    expect(names('10.0.0.5')).toEqual(['virtualInbound', 'virtualOutbound']);
    expect(names('fd00::5')).toEqual(['virtualInbound_ipv6', 'virtualOutbound_ipv6']);
    expect(names('10.0.0.5', 'fd00::5')).toHaveLength(4);
    expect(Object.keys(seen({}, translateInterception('envoy', 'redirect', settings)))).toEqual([]);
  });

  it('is transparent where the kernel leaves destinations as they are', () => {
    const transparent = seen({ interception: 'tproxy' }, translateInterception('envoy', 'tproxy', settings));
    expect(transparent).toMatchObject({ virtualInbound: { transparent: true } });
    expect(JSON.stringify(entrances('Disabled'))).not.toContain('transparent');
  });
});
