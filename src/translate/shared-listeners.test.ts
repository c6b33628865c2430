import { describe, expect, it } from 'vitest';
import type { MeshService } from '../model/mesh-service.ts';
import type { ProxyKind } from '../model/proxy.ts';
import { serviceKey, type Visibility } from '../model/service.ts';
import { translateOutbound } from './outbound.ts';
import { translateSharedPort } from './shared-listeners.ts';
import { meshService, servicePort, settings, shown } from './translation-fixture.ts';

const at = { address: '10.0.0.1', port: 443 };
const buyer = 'spiffe://cluster.local/ns/shop/sa/buyer';
const thief = 'spiffe://cluster.local/ns/web/sa/thief';

function host(name: string, rest: Partial<MeshService> = {}, visibility: Visibility = { kind: 'public' }): MeshService {
  const port = servicePort({ kind: 'plain', protocol: 'tls' }, { number: 443, targetPort: 443 });
  const service = { key: serviceKey('shop', name), host: name, visibility };
  return { ...meshService({ service, addresses: [at.address], ports: [{ port }] }), sharedAt: [at], ...rest };
}

function served(kind: ProxyKind, ...services: readonly MeshService[]) {
  const { resources, findings } = translateSharedPort(kind, at, services, settings);
  return { listeners: shown(resources), findings };
}

/** Of each listener, the names that it leads on. */
const names = (kind: ProxyKind, ...services: readonly MeshService[]) =>
  Object.entries(served(kind, ...services).listeners).map(([listener, json]) => [
    listener,
    JSON.stringify(json).match(/(?<="serverNames":\[")[^"]+/g),
  ]);

const secured = (callers: readonly string[]): Partial<MeshService> => ({
  security: { key: 'shop/x', identities: [buyer], callers },
});

describe('hosts that share an address and a port of TLS', () => {
  it('have a chain each in one listener, chosen by the name that callers ask for', () => {
    const { listeners, findings } = served('envoy', host('b.example'), host('*.a.example'));
    expect(findings).toEqual([]);
    expect(listeners).toMatchObject({
      'envoy/* Listener 10.0.0.1_443': {
        listenerFilters: [{ name: 'envoy.filters.listener.tls_inspector' }],
        filterChains: [
          {
            filterChainMatch: { serverNames: ['*.a.example'] },
            filters: [{ typedConfig: { cluster: 'outbound|443||*.a.example' } }],
          },
          {
            filterChainMatch: { serverNames: ['b.example'] },
            filters: [{ typedConfig: { cluster: 'outbound|443||b.example' } }],
          },
        ],
      },
    });
    expect(names('envoy', host('*.a.example'), host('b.example'))).toEqual(
      names('envoy', host('b.example'), host('*.a.example')),
    );
  });

  it('have no listener of their own there', () => {
    expect(translateOutbound('envoy', host('a.example'), settings).resources).toEqual([]);
    const elsewhere = host('a.example', { addresses: [at.address, '10.0.0.2'] });
    expect(Object.keys(shown(translateOutbound('envoy', elsewhere, settings).resources))).toEqual([
      'envoy/* Listener 10.0.0.2_443',
    ]);
  });

  it('are each told only to those who may see them', () => {
    const ofWeb = host('b.example', {}, { kind: 'namespaces', namespaces: ['web'] });
    const ofBuyer = host('c.example', secured([buyer]));
    const ofThief = host('d.example', secured([thief]));
    expect(names('envoy', host('a.example'), ofWeb, ofBuyer, ofThief)).toEqual([
      [`envoy#${buyer} Listener 10.0.0.1_443`, ['a.example', 'c.example']],
      [`envoy#${thief} Listener 10.0.0.1_443`, ['a.example', 'b.example', 'd.example']],
      ['envoy/* Listener 10.0.0.1_443', ['a.example']],
      ['envoy/web Listener 10.0.0.1_443', ['a.example', 'b.example']],
    ]);
  });

  it('are left out where proxies are to leave them alone, or where the address is not theirs', () => {
    const alone = host('a.example', { leftAlone: { addresses: [], ports: [443] } });
    expect(names('envoy', alone, host('b.example', { addresses: [] }), host('c.example'))).toEqual([
      ['envoy/* Listener 10.0.0.1_443', ['c.example']],
    ]);
  });

  it('are the first of them to metaproxy, which reads no names, and each of the others is told', () => {
    const { listeners, findings } = served('metaproxy', host('b.example'), host('a.example'));
    expect(Object.keys(listeners)).toEqual(['metaproxy/* Listener 10.0.0.1_443']);
    expect(JSON.stringify(listeners)).toContain('"cluster":"outbound|443||b.example"');
    expect(findings).toMatchObject([{ code: 'ISTH0713', message: expect.stringContaining('nothing to a.example') }]);
    expect(served('grpc', host('a.example'), host('b.example'))).toEqual({ listeners: {}, findings: [] });
  });
});
