import { describe, expect, it } from 'vitest';
import type { InboundPort } from '../model/mesh-service.ts';
import type { ServicePort } from '../model/service.ts';
import type { TokenRule } from '../model/token-rules.ts';
import { translateInbound } from './inbound.ts';
import { declared, HOST, inboundPort, plain, servicePort, settings, shown } from './translation-fixture.ts';

const INBOUND = 'inbound|8080||';
const type = (name: string) => `type.googleapis.com/aeraki.meta_protocol_proxy.${name}`;
const router = { name: 'aeraki.meta_protocol.filters.router' };

const localRateLimit = {
  bucket: { maxTokens: 5, tokensPerFill: 2, fillIntervalMs: 60_000 },
  conditions: [
    {
      match: [{ property: 'method', match: { kind: 'exact', value: 'sayHello' } }],
      bucket: { maxTokens: 1, tokensPerFill: 1, fillIntervalMs: 1500 },
    },
  ],
} satisfies InboundPort['localRateLimit'];

const globalRateLimit = {
  match: [{ property: 'method', match: { kind: 'present' } }],
  domain: 'production',
  timeoutMs: 100,
  denyOnFail: true,
  cluster: 'outbound|8081||limits.shop',
  descriptors: [{ property: 'method', descriptorKey: 'm' }],
} satisfies InboundPort['globalRateLimit'];

const localFilter = (matcher: object) => ({
  name: 'aeraki.meta_protocol.filters.local_ratelimit',
  config: {
    '@type': type('filters.local_ratelimit.v1alpha.LocalRateLimit'),
    statPrefix: HOST,
    tokenBucket: { maxTokens: 5, tokensPerFill: 2, fillInterval: '60s' },
    conditions: [
      {
        match: { metadata: [{ name: 'method', ...matcher }] },
        tokenBucket: { maxTokens: 1, tokensPerFill: 1, fillInterval: '1.500s' },
      },
    ],
  },
});

const filterOf = (kind: 'metaproxy' | 'envoy-meta' | 'envoy', inbound: InboundPort) => {
  const json = shown(translateInbound(kind, inbound, settings).resources)[`${kind}@10.0.0.5 Listener 10.0.0.5_8080`];
  return json;
};

const listenerJson = (filter: object) => ({
  name: '10.0.0.5_8080',
  address: { socketAddress: { address: '10.0.0.5', portValue: 8080 } },
  filterChains: [{ filters: [filter] }],
  trafficDirection: 'INBOUND',
});

describe('the proxy beside a workload', () => {
  it('passes all requests to the workload on the loopback address, for metaproxy', () => {
    const { resources, findings } = translateInbound('metaproxy', inboundPort({ localRateLimit }), settings);
    expect(findings).toEqual([]);
    expect(shown(resources)).toEqual({
      'metaproxy@10.0.0.5 Listener 10.0.0.5_8080': listenerJson({
        name: 'envoy.filters.network.meta_protocol_proxy',
        typedConfig: {
          '@type': type('v1alpha.MetaProtocolProxy'),
          statPrefix: INBOUND,
          routeConfig: { name: INBOUND, routes: [{ route: { cluster: INBOUND } }] },
          metaProtocolFilters: [localFilter({ stringMatch: { exact: 'sayHello' } }), router],
          protocol: { name: 'thrift', codec: { name: 'aeraki.meta_protocol.codec.thrift' } },
        },
      }),
      [`metaproxy@10.0.0.5 Cluster ${INBOUND}`]: {
        name: INBOUND,
        type: 'STATIC',
        loadAssignment: {
          clusterName: INBOUND,
          endpoints: [
            {
              lbEndpoints: [
                {
                  endpoint: {
                    address: { socketAddress: { address: '127.0.0.1', portValue: 8080 } },
                    additionalAddresses: [{ address: { socketAddress: { address: '::1', portValue: 8080 } } }],
                  },
                },
              ],
            },
          ],
        },
      },
    });
  });

  it('has all filters, in the order of the reference, for an Envoy with the MetaProtocol filter', () => {
    const inbound = inboundPort({ localRateLimit, globalRateLimit });
    expect(filterOf('envoy-meta', inbound)).toEqual(
      listenerJson({
        name: 'envoy.filters.network.meta_protocol_proxy',
        typedConfig: {
          '@type': type('v1alpha.MetaProtocolProxy'),
          statPrefix: INBOUND,
          applicationProtocol: 'thrift',
          routeConfig: { name: INBOUND, routes: [{ route: { cluster: INBOUND } }] },
          codec: { name: 'aeraki.meta_protocol.codec.thrift' },
          metaProtocolFilters: [
            localFilter({ exactMatch: 'sayHello' }),
            {
              name: 'aeraki.meta_protocol.filters.ratelimit',
              config: {
                '@type': type('filters.ratelimit.v1alpha.RateLimit'),
                match: { metadata: [{ name: 'method', presentMatch: true }] },
                domain: 'production',
                timeout: '0.100s',
                failureModeDeny: true,
                rateLimitService: { grpcService: { envoyGrpc: { clusterName: 'outbound|8081||limits.shop' } } },
                descriptors: [{ property: 'method', descriptorKey: 'm' }],
              },
            },
            { name: 'aeraki.meta_protocol.filters.metadata_exchange' },
            {
              name: 'aeraki.meta_protocol.filters.istio_stats',
              config: { '@type': type('filters.istio_stats.v1alpha.IstioStats'), destinationService: HOST },
            },
            router,
          ],
          protocol: { name: 'thrift', codec: { name: 'aeraki.meta_protocol.codec.thrift' } },
        },
      }),
    );
  });

  it.each([
    ['envoy', inboundPort()],
    ['envoy-meta', inboundPort({ codec: declared })],
    ['metaproxy', inboundPort({ port: servicePort({ kind: 'plain', protocol: 'tcp' }) })],
  ] as const)('is plain TCP to %s where it has no codec', (kind, { codec, ...inbound }) => {
    const given = kind === 'metaproxy' || codec === undefined ? inbound : { ...inbound, codec };
    expect(filterOf(kind, given)).toEqual(
      listenerJson({
        name: 'envoy.filters.network.tcp_proxy',
        typedConfig: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
          statPrefix: INBOUND,
          cluster: INBOUND,
        },
      }),
    );
  });

  it('says which limits are not enforced', () => {
    const object = { kind: 'MetaRouter', namespace: 'shop', name: 'limits' };
    const place = { file: 'limits.yaml', line: 3, column: 1 };
    const about = (kind: 'envoy' | 'envoy-meta' | 'metaproxy') =>
      translateInbound(kind, inboundPort({ localRateLimit, globalRateLimit, origin: { object, place } }), settings)
        .findings;
    expect(about('envoy')).toMatchObject([
      { code: 'ISTH0701', path: 'spec.localRateLimit', object, place },
      { code: 'ISTH0701', path: 'spec.globalRateLimit', object, place },
    ]);
    expect(about('metaproxy')).toMatchObject([{ code: 'ISTH0701', path: 'spec.globalRateLimit', object, place }]);
    expect(about('envoy-meta')).toEqual([]);
  });

  it.each(['envoy-meta', 'metaproxy'] as const)('fills a bucket no more often than %s takes', (kind) => {
    const inbound = (tokensPerFill: number, maxTokens: number) =>
      inboundPort({ localRateLimit: { bucket: { maxTokens, tokensPerFill, fillIntervalMs: 10 }, conditions: [] } });
    expect(JSON.stringify(filterOf(kind, inbound(3, 100)))).toContain(
      '"tokenBucket":{"maxTokens":100,"tokensPerFill":15,"fillInterval":"0.050s"}',
    );
    expect(JSON.stringify(filterOf(kind, inbound(3, 4)))).toContain('"tokensPerFill":4,');
    const { findings } = translateInbound(kind, inbound(3, 100), settings);
    expect(findings.map(({ code }) => code)).toEqual(['ISTH0706']);
  });

  it('listens neither for UDP nor for a gRPC client', () => {
    expect(translateInbound('grpc', inboundPort(), settings).resources).toEqual([]);
    const udp = inboundPort({ port: servicePort(plain('udp')) });
    expect(translateInbound('metaproxy', udp, settings).resources).toEqual([]);
  });
});

it('a port that is open from outside the mesh is said to be closed where the proxy cannot open it', () => {
  const object = { kind: 'IngressBackend', namespace: 'shop', name: 'in' };
  const open = inboundPort({ ingress: { object, ranges: ['10.0.0.0/8'], requests: 'any' } });
  const { findings } = translateInbound('metaproxy', open, settings);
  expect(findings.map(({ code, object: about }) => [code, about])).toEqual([['ISTH1415', object]]);
});

describe('tokens of requests', () => {
  const origin = { object: { kind: 'RequestAuthentication', namespace: 'shop', name: 'tokens' } } as const;
  const rule: TokenRule = {
    origin,
    issuer: 'a',
    audiences: [],
    keys: 'none',
    fromHeaders: [],
    fromParams: [],
    fromCookies: [],
    claimHeaders: [],
    forwards: false,
    spaceDelimitedClaims: [],
  };
  const http = servicePort({ kind: 'plain', protocol: 'http' });
  const at = (kind: 'envoy' | 'metaproxy', port: ServicePort, ...tokens: readonly TokenRule[]) => {
    const { codec: _, ...inbound } = inboundPort({ port, tokens });
    const { resources, findings } = translateInbound(kind, inbound, settings);
    return {
      text: JSON.stringify(shown(resources)),
      findings: findings.map(({ code, severity }) => `${code} ${severity}`),
    };
  };

  it('are verified by an Envoy that reads them, with certificates or without', () => {
    const { text, findings } = at('envoy', http, rule);
    expect(text).toContain('"requires":{"requiresAny":{"requirements":[{"providerName":"0"},{"allowMissing":{}}]}}');
    expect(findings).toEqual([]);
  });

  it('are verified from outside the mesh as well', () => {
    const { codec: _, ...inbound } = inboundPort({ port: http, tokens: [rule] });
    const object = { kind: 'IngressBackend', namespace: 'shop', name: 'in' };
    const guard = { identity: 'spiffe://cluster.local/ns/shop/sa/a' };
    const open: InboundPort = { ...inbound, guard, ingress: { object, ranges: ['10.0.0.0/8'], requests: 'any' } };
    const text = JSON.stringify(shown(translateInbound('envoy', open, settings).resources));
    expect(text.match(/"name":"envoy.filters.http.jwt_authn"/g)).toHaveLength(2);
  });

  it('of several rules are valid by one of them', () => {
    const { text } = at('envoy', http, rule, { ...rule, issuer: 'b' });
    expect(text).toContain('"requirements":[{"providerName":"0"},{"providerName":"1"},{"requiresAll":');
  });

  it('are said not to be looked at where no requests are read', () => {
    expect(at('metaproxy', http, rule, rule).findings).toEqual(['ISTH1352 error']);
    expect(at('envoy', servicePort(plain('tcp')), rule)).toMatchObject({ findings: ['ISTH1352 error'] });
    expect(at('envoy', servicePort(plain('tcp')), rule).text).not.toContain('jwt_authn');
  });
});
