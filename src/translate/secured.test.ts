import { describe, expect, it } from 'vitest';
import type { MeshService, ServiceSecurity } from '../model/mesh-service.ts';
import { translateClusters } from './envoy/clusters.ts';
import { translateEndpoints } from './envoy/load-assignments.ts';
import { translateInbound } from './inbound.ts';
import { translateOutbound } from './outbound.ts';
import { outboundScopes, scopesOf } from './scope.ts';
import {
  endpoint,
  group,
  inboundPort,
  meshService,
  plain,
  servicePort,
  settings,
  shown,
} from './translation-fixture.ts';

const buyer = 'spiffe://cluster.local/ns/shop/sa/buyer';
const stranger = 'spiffe://cluster.local/ns/town/sa/stranger';
const orders = { kind: 'TrafficTarget', namespace: 'shop', name: 'orders' };
const seller = 'spiffe://cluster.local/ns/shop/sa/seller';

function secured(security: Partial<ServiceSecurity> = {}, rest: Parameters<typeof meshService>[0] = {}): MeshService {
  const service = meshService({ ports: [{ port: servicePort(plain('grpc')) }], ...rest });
  return { ...service, security: { key: service.service.key, identities: [seller], callers: [buyer], ...security } };
}

describe('a service that demands certificates', () => {
  it('is shown to those who may call it, and to nobody else', () => {
    expect(outboundScopes('envoy', secured())).toEqual([`envoy#${buyer}`]);
    expect(outboundScopes('envoy', secured({ callers: [] }))).toEqual([]);
    expect(outboundScopes('envoy', secured({ callers: 'any' }))).toEqual(['envoy/*']);
    const node = { id: 'a', namespace: 'shop', workload: 'a', addresses: ['10.0.0.1'], labels: {}, extensions: [] };
    const proxy = { ...node, kind: 'envoy', serviceAccount: 'buyer' } as const;
    expect(scopesOf({ ...proxy, identity: buyer })).toEqual(expect.arrayContaining([`envoy#${buyer}`, `all#${buyer}`]));
    expect(scopesOf(proxy).filter((scope) => scope.includes('#'))).toEqual([]);
  });

  it('is hidden by its visibility from those who may call it as well', () => {
    const visibility = { kind: 'namespaces', namespaces: ['shop'] } as const;
    const service = secured({ callers: [buyer, stranger, 'nonsense'] }, { service: { visibility } });
    expect(outboundScopes('envoy', service)).toEqual([`envoy#${buyer}`]);
  });

  it('is called over TLS, by its own name, and no certificate but those of its workloads is taken for it', () => {
    const { resources } = translateClusters(secured());
    expect(Object.keys(shown(resources))).toEqual([
      `all#${buyer} Cluster outbound|9090||orders.shop.svc.cluster.local`,
    ]);
    const [cluster] = Object.values(shown(resources));
    expect(cluster).toMatchObject({
      transportSocket: {
        typedConfig: {
          sni: 'outbound_.9090_._.orders.shop.svc.cluster.local',
          commonTlsContext: {
            alpnProtocols: ['h2'],
            combinedValidationContext: {
              defaultValidationContext: { matchTypedSubjectAltNames: [{ sanType: 'URI', matcher: { exact: seller } }] },
            },
          },
        },
      },
    });
  });

  it('whose workloads nobody knows by name is called by nobody: no matcher would take every certificate', () => {
    const [cluster] = Object.values(shown(translateClusters(secured({ identities: [] })).resources));
    const matchers = [{ sanType: 'URI', matcher: { exact: 'spiffe:nobody' } }];
    expect(cluster).toMatchObject({
      transportSocket: {
        typedConfig: {
          commonTlsContext: {
            combinedValidationContext: { defaultValidationContext: { matchTypedSubjectAltNames: matchers } },
          },
        },
      },
    });
  });

  it('is not sent to an endpoint that names no service account', () => {
    const groups = [group('', endpoint('10.0.0.1', { identity: seller }), endpoint('10.0.0.2'))];
    const [assignment] = Object.values(shown(translateEndpoints(secured(), groups)));
    expect(JSON.stringify(assignment)).toContain('10.0.0.1');
    expect(JSON.stringify(assignment)).not.toContain('10.0.0.2');
  });

  it('is no matter of gRPC clients, which show no certificates, and a finding says so', () => {
    const { resources, findings } = translateOutbound('grpc', secured(), settings);
    expect([resources, findings.map(({ code }) => code)]).toEqual([[], ['ISTH1322']]);
  });
});

describe('a workload that demands certificates', () => {
  const port = servicePort(plain('tcp'));

  it('is listened for by the proxy of its own identity alone, and lets nobody in where nothing is permitted', () => {
    const { codec: _, ...plainPort } = inboundPort({ port, guard: { identity: seller, rules: [] } });
    const { resources } = translateInbound('envoy', plainPort, settings);
    const all = shown(resources);
    expect(Object.keys(all)).toEqual([
      `envoy@10.0.0.5#${seller} Listener 10.0.0.5_8080`,
      `envoy@10.0.0.5#${seller} Cluster inbound|8080||`,
    ]);
    const [listener] = Object.values(all);
    expect(listener).toMatchObject({
      filterChains: [
        {
          filters: [
            { name: 'envoy.filters.network.rbac', typedConfig: { rules: {} } },
            { name: 'envoy.filters.network.tcp_proxy' },
          ],
          transportSocket: { typedConfig: { requireClientCertificate: true } },
        },
      ],
    });
    expect(JSON.stringify(listener)).not.toContain('policies');
  });

  it('lets in whoever has a certificate of the mesh where access is permissive, and still nobody without', () => {
    const { codec: _, ...plainPort } = inboundPort({ port, guard: { identity: seller } });
    const [listener] = Object.values(shown(translateInbound('envoy', plainPort, settings).resources));
    expect(listener).toMatchObject({
      filterChains: [
        {
          filters: [{ name: 'envoy.filters.network.tcp_proxy' }],
          transportSocket: { typedConfig: { requireClientCertificate: true } },
        },
      ],
    });
  });

  it('is guarded by metaproxy as well, which hears who calls before it calls the workload', () => {
    const rules = [{ object: orders, sources: [buyer], ports: 'any', requests: 'any' }] as const;
    const { resources, findings } = translateInbound(
      'metaproxy',
      inboundPort({ guard: { identity: seller, rules } }),
      settings,
    );
    expect(findings).toEqual([]);
    const [listener] = Object.values(shown(resources));
    expect(listener).toMatchObject({
      filterChains: [
        {
          filters: [
            { name: 'envoy.filters.network.rbac', typedConfig: { rules: { policies: { 'shop/orders': {} } } } },
            { name: 'envoy.filters.network.meta_protocol_proxy' },
          ],
          transportSocket: {
            typedConfig: {
              requireClientCertificate: true,
              commonTlsContext: { validationContextSdsSecretConfig: { name: 'ROOTCA' } },
            },
          },
        },
      ],
    });
  });

  it('stays shut beside metaproxy to what is permitted by HTTP requests, and a finding names the rule', () => {
    const requests = [{ pathRegex: '/books', methods: [], headers: [] }];
    const rules = [{ object: orders, sources: [buyer], ports: 'any', requests }] as const;
    const { codec: _, ...http } = inboundPort({ port: servicePort(plain('grpc')), guard: { identity: seller, rules } });
    const { resources, findings } = translateInbound('metaproxy', http, settings);
    const [listener] = Object.values(shown(resources));
    expect(listener).toMatchObject({
      filterChains: [{ filters: [{ typedConfig: { rules: {} } }, { name: 'envoy.filters.network.tcp_proxy' }] }],
    });
    expect(findings.map(({ code, object }) => [code, object.name])).toEqual([['ISTH1350', 'orders']]);
  });
});
