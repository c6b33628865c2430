import { describe, expect, it } from 'vitest';
import type { EndpointGroup } from '../model/endpoint.ts';
import type { MeshService } from '../model/mesh-service.ts';
import type { ProxyKind } from '../model/proxy.ts';
import { translateClusters } from './envoy/clusters.ts';
import { handedListeners } from './envoy/interception.ts';
import { translateOutbound } from './outbound.ts';
import { endpoint, group, meshService, plain, servicePort, settings, shown } from './translation-fixture.ts';

const buyer = 'spiffe://cluster.local/ns/shop/sa/buyer';
const seller = 'spiffe://cluster.local/ns/shop/sa/seller';
const DIALLED = 'dialled|9090||orders.shop.svc.cluster.local';

const headless = meshService({
  service: { headless: true },
  addresses: [],
  ports: [{ port: servicePort(plain('tcp')) }],
});
const secured = (service: MeshService): MeshService => ({
  ...service,
  security: { key: service.service.key, identities: [seller], callers: [buyer] },
});
const endpoints = group('', endpoint('10.0.0.1', { identity: seller }), endpoint('10.0.0.2', { port: 9091 }));

function outbound(service: MeshService, groups?: readonly EndpointGroup[], kind: ProxyKind = 'envoy') {
  const { resources, findings } = translateOutbound(kind, service, settings, groups);
  return { all: shown(resources), resources, codes: findings.map(({ code }) => code) };
}

describe('a headless service', () => {
  it('has a listener at each endpoint, which leads to the one that was dialled', () => {
    const { all } = outbound(headless, [endpoints]);
    expect(Object.keys(all)).toEqual([
      'envoy+handed/* Listener 10.0.0.1_9090',
      'envoy+handed/* Listener 10.0.0.2_9091',
    ]);
    for (const listener of Object.values(all))
      expect(listener).toMatchObject({
        bindToPort: false,
        filterChains: [{ filters: [{ typedConfig: { cluster: DIALLED } }] }],
      });
    expect(shown(translateClusters(headless).resources)[`envoy/* Cluster ${DIALLED}`]).toMatchObject({
      type: 'ORIGINAL_DST',
    });
  });

  it('has its requests go to the endpoint that was dialled, where no split says otherwise', () => {
    const http = secured({ ...headless, ports: [{ port: servicePort(plain('grpc')) }] });
    const { all } = outbound(http, [endpoints]);
    expect(Object.keys(all)).toEqual([
      `envoy+handed#${buyer} Listener 10.0.0.1_9090`,
      `envoy#${buyer} RouteConfiguration orders.shop.svc.cluster.local:9090`,
    ]);
    expect(JSON.stringify(Object.values(all)[1])).toContain(`"cluster":"${DIALLED}"`);
  });

  it('is followed to no endpoint that names no service account, where certificates are demanded', () => {
    expect(Object.keys(outbound(secured(headless), [endpoints]).all)).toEqual([
      `envoy+handed#${buyer} Listener 10.0.0.1_9090`,
    ]);
  });

  it('changes nothing of its other endpoints when one comes', () => {
    const more = group('', ...endpoints.endpoints, endpoint('10.0.0.3'));
    const before = outbound(headless, [endpoints]).resources;
    const after = outbound(headless, [more]).resources;
    expect(after.slice(0, 2).map(({ resource }) => resource.version)).toEqual(
      before.map(({ resource }) => resource.version),
    );
    expect(translateClusters(headless, [more])).toEqual(translateClusters(headless, [endpoints]));
  });

  it('has listeners that are handed connections once, not again as if they were bound', () => {
    expect(handedListeners('envoy', outbound(headless, [endpoints]).resources)).toEqual([]);
  });

  it('is called past the proxies in plaintext; in the mesh a finding says that they cannot stand at its endpoints', () => {
    expect(outbound(headless)).toMatchObject({ all: {}, codes: [] });
    expect(outbound(secured(headless))).toMatchObject({ all: {}, codes: ['ISTH0712'] });
    expect(outbound(secured(headless), [endpoints]).codes).toEqual([]);
  });
});
