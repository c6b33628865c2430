import { describe, expect, it } from 'vitest';
import type { Route } from '../model/route.ts';
import { decode } from '../xds-api/messages.ts';
import { settingsFindings, translateOutbound } from './outbound.ts';
import {
  declared,
  destination,
  HOST,
  meshService,
  metaPort,
  OUTBOUND,
  plain,
  route,
  routeTable,
  servicePort,
  settings,
  shown,
  thrift,
} from './translation-fixture.ts';

const trpc = { protocol: { ...thrift.protocol, name: 'trpc', codec: 'aeraki.meta_protocol.codec.trpc' } };

const META_PROXY = 'type.googleapis.com/aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy';
const ads = { ads: {}, resourceApiVersion: 'V3' };

const listenerJson = (address: string, filter: object) => ({
  name: `${address}_9090`,
  address: { socketAddress: { address, portValue: 9090 } },
  filterChains: [{ filters: [filter] }],
  trafficDirection: 'OUTBOUND',
});

const tcpFilter = (target: object = { cluster: OUTBOUND }) => ({
  name: 'envoy.filters.network.tcp_proxy',
  typedConfig: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
    statPrefix: OUTBOUND,
    ...target,
  },
});

describe('a MetaProtocol port, to metaproxy', () => {
  it('has a listener on each of its addresses, with the codec by name and the router alone', () => {
    const { resources, findings } = translateOutbound(
      'metaproxy',
      meshService({ addresses: ['240.241.0.7', '2001:2:1::7'] }),
      settings,
    );
    const filter = {
      name: 'envoy.filters.network.meta_protocol_proxy',
      typedConfig: {
        '@type': META_PROXY,
        statPrefix: OUTBOUND,
        rds: { configSource: ads, routeConfigName: `${HOST}_9090` },
        metaProtocolFilters: [{ name: 'aeraki.meta_protocol.filters.router' }],
        protocol: { name: 'thrift', codec: { name: 'aeraki.meta_protocol.codec.thrift' } },
      },
    };
    expect(findings).toEqual([]);
    expect(shown(resources)).toMatchObject({
      'metaproxy/* Listener 240.241.0.7_9090': listenerJson('240.241.0.7', filter),
      'metaproxy/* Listener 2001:2:1::7_9090': listenerJson('2001:2:1::7', filter),
    });
    expect(Object.keys(shown(resources))).toEqual([
      'metaproxy/* Listener 240.241.0.7_9090',
      'metaproxy/* Listener 2001:2:1::7_9090',
      `metaproxy/* RouteConfiguration ${HOST}_9090`,
      `metaproxy/* meta.RouteConfiguration ${HOST}_9090`,
    ]);
  });

  it('carries the description of a declarative codec', () => {
    const { resources } = translateOutbound(
      'metaproxy',
      meshService({ ports: [metaPort({ codec: declared })] }),
      settings,
    );
    expect(shown(resources)).toMatchObject({
      'metaproxy/* Listener 240.241.0.7_9090': {
        filterChains: [
          {
            filters: [
              {
                typedConfig: {
                  protocol: {
                    name: 'awesomerpc',
                    codec: {
                      name: 'awesomerpc',
                      config: {
                        '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
                        typeUrl: 'type.googleapis.com/isthmus.dev.v1alpha1.ProtocolCodec',
                        value: declared.description,
                      },
                    },
                    multiplexing: true,
                  },
                },
              },
            ],
          },
        ],
      },
    });
  });
});

describe('a MetaProtocol port, to an Envoy with the MetaProtocol filter', () => {
  it('has both generations of the codec fields, and the filters in the order of the reference', () => {
    const logged = {
      ...settings,
      accessLog: { path: '/dev/stdout', encoding: 'TEXT' as const, format: '%X%' },
      idleTimeoutMs: 90_500,
    };
    const { resources, findings } = translateOutbound('envoy-meta', meshService(), logged);
    expect(findings).toEqual([]);
    expect(Object.keys(shown(resources))).toEqual([
      'envoy-meta/* Listener 240.241.0.7_9090',
      `envoy-meta/* RouteConfiguration ${HOST}_9090`,
    ]);
    const filter = {
      name: 'envoy.filters.network.meta_protocol_proxy',
      typedConfig: {
        '@type': META_PROXY,
        statPrefix: OUTBOUND,
        applicationProtocol: 'thrift',
        rds: { configSource: ads, routeConfigName: `${HOST}_9090` },
        codec: { name: 'aeraki.meta_protocol.codec.thrift' },
        metaProtocolFilters: [
          { name: 'aeraki.meta_protocol.filters.metadata_exchange' },
          {
            name: 'aeraki.meta_protocol.filters.istio_stats',
            config: {
              '@type': 'type.googleapis.com/aeraki.meta_protocol_proxy.filters.istio_stats.v1alpha.IstioStats',
              destinationService: HOST,
            },
          },
          { name: 'aeraki.meta_protocol.filters.router' },
        ],
        accessLog: [
          {
            name: 'envoy.access_loggers.file',
            typedConfig: {
              '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
              path: '/dev/stdout',
              logFormat: { textFormatSource: { inlineString: '%X%' } },
            },
          },
        ],
        idleTimeout: '90.500s',
        protocol: { name: 'thrift', codec: { name: 'aeraki.meta_protocol.codec.thrift' } },
      },
    };
    expect(shown(resources)['envoy-meta/* Listener 240.241.0.7_9090']).toEqual(listenerJson('240.241.0.7', filter));
  });

  it('is plain TCP where the codec is a description, and says so', () => {
    const service = meshService({ ports: [metaPort({ codec: declared })] });
    const { resources, findings } = translateOutbound('envoy-meta', service, settings);
    expect(shown(resources)).toEqual({
      'envoy-meta/* Listener 240.241.0.7_9090': listenerJson('240.241.0.7', tcpFilter()),
    });
    expect(findings.map(({ code }) => code)).toEqual(['ISTH0702']);
  });
});

describe('a MetaProtocol port, to a stock Envoy', () => {
  const picked = route({
    name: 'picked',
    match: [{ property: 'method', match: { kind: 'exact', value: 'pay' } }],
    destinations: [{ destination: destination('v2'), weight: 100 }],
    mirror: { destination: destination('v3'), percentage: 10 },
    requestMutation: [{ key: 'a', value: 'b' }],
  });
  const split = route({
    destinations: [
      { destination: destination('v1'), weight: 90 },
      { destination: destination('v2'), weight: 10 },
      { destination: destination('v3'), weight: 0 },
    ],
  });

  it('is plain TCP: connections are split as the route says that asks nothing of requests', () => {
    const service = meshService({ ports: [metaPort({ codec: trpc, routes: routeTable(picked, split) })] });
    const { resources } = translateOutbound('envoy', service, settings);
    const clusters = [
      { name: `outbound|9090|v1|${HOST}`, weight: 90 },
      { name: `outbound|9090|v2|${HOST}`, weight: 10 },
    ];
    expect(shown(resources)).toEqual({
      'envoy/* Listener 240.241.0.7_9090': listenerJson('240.241.0.7', tcpFilter({ weightedClusters: { clusters } })),
    });
  });

  it('goes to the whole service when every route asks something of requests', () => {
    const service = meshService({ ports: [metaPort({ codec: trpc, routes: routeTable(picked) })] });
    const { resources } = translateOutbound('envoy', service, settings);
    expect(shown(resources)).toEqual({
      'envoy/* Listener 240.241.0.7_9090': listenerJson('240.241.0.7', tcpFilter()),
    });
  });

  it('has a finding for each route that is not enforced, which names the rules', () => {
    const service = meshService({ ports: [metaPort({ codec: trpc, routes: routeTable(picked, split) })] });
    const { findings } = translateOutbound('envoy', service, settings);
    expect(findings.map(({ code, path, message }) => [code, path, message])).toEqual([
      [
        'ISTH0701',
        'ports[9090].routes[0]',
        'Proxies of kind envoy pass port 9090 through as plain TCP: match, destinations, mirror, requestMutation of route picked not enforced.',
      ],
      [
        'ISTH0701',
        'ports[9090].routes[1]',
        'Proxies of kind envoy pass port 9090 through as plain TCP: weights by request (by connection, they are) of route default not enforced.',
      ],
    ]);
    expect(translateOutbound('envoy', meshService(), settings).findings).toEqual([]);
  });
});

describe('a Thrift port, to a stock Envoy', () => {
  const byMethod = (value: string, kind: 'exact' | 'prefix' = 'exact') =>
    route({ name: value, match: [{ property: 'method', match: { kind, value } }] });
  const everywhere = { match: { methodName: '' }, route: { cluster: OUTBOUND } };
  const told = (...routes: readonly Route[]) => {
    const service = meshService({ ports: [metaPort({ routes: routeTable(...routes) })] });
    return translateOutbound('envoy', service, settings);
  };
  const routesTold = (...routes: readonly Route[]) =>
    shown(told(...routes).resources)[`envoy/* RouteConfiguration ${HOST}_9090`];

  it('is plain TCP as long as no rule asks anything of its calls', () => {
    expect(shown(told(route()).resources)).toEqual({
      'envoy/* Listener 240.241.0.7_9090': listenerJson('240.241.0.7', tcpFilter()),
    });
  });

  it('is read, its routes by discovery, and stays open when a call has nowhere to go', () => {
    expect(shown(told(byMethod('pay')).resources)).toMatchObject({
      'envoy/* Listener 240.241.0.7_9090': listenerJson('240.241.0.7', {
        name: 'envoy.filters.network.thrift_proxy',
        typedConfig: {
          trds: { configSource: ads, routeConfigName: `${HOST}_9090` },
          thriftFilters: [{ typedConfig: { closeDownstreamOnUpstreamError: false } }],
        },
      }),
    });
    expect(routesTold(byMethod('pay'))).toMatchObject({ routes: [{ match: { methodName: 'pay' } }] });
  });

  it('sends what a rule would pick that cannot be told where the rules after it do, or else to the whole service', () => {
    const untold = byMethod('try', 'prefix');
    expect(routesTold(untold, byMethod('pay'))).toMatchObject({
      routes: [{ match: { methodName: 'pay' } }, everywhere],
    });
    expect(routesTold(untold, route())).toMatchObject({ routes: [everywhere] });
    expect(told(untold, route()).findings.map(({ code, path }) => [code, path])).toEqual([
      ['ISTH0701', 'ports[9090].routes[0].match'],
    ]);
  });

  it('has no weight of 0, which Envoy refuses with all other routes', () => {
    const destinations = ['v1', 'v2', 'v3'].map((subset, at) => ({
      destination: destination(subset),
      weight: at * 10,
    }));
    expect(routesTold(route({ destinations }))).toMatchObject({
      routes: [
        {
          route: {
            weightedClusters: {
              clusters: [
                { name: `outbound|9090|v2|${HOST}`, weight: 10 },
                { name: `outbound|9090|v3|${HOST}`, weight: 20 },
              ],
            },
          },
        },
      ],
    });
  });

  it('has a finding for each rule that the filter does not do', () => {
    const rich = { requestMutation: [{ key: 'k', value: 'v' }], hashProperties: ['user'] };
    const { findings } = told({ ...byMethod('pay'), ...rich }, route());
    expect(findings.map(({ code, message }) => [code, message])).toEqual([
      [
        'ISTH0701',
        'Stock Envoys do not do the requestMutation, consistent hash by property of route pay to port 9090.',
      ],
      [
        'ISTH0711',
        'Stock Envoys see the method of route pay to port 9090 only in calls that name no service, or one that a rule names.',
      ],
    ]);
  });
});

describe('a port that is not MetaProtocol', () => {
  it.each(['metaproxy', 'envoy-meta', 'envoy'] as const)('is plain TCP to %s', (kind) => {
    const service = meshService({ ports: [{ port: servicePort(plain('tcp')) }] });
    const { resources, findings } = translateOutbound(kind, service, { ...settings, idleTimeoutMs: 1000 });
    expect(findings).toEqual([]);
    expect(shown(resources)).toEqual({
      [`${kind}/* Listener 240.241.0.7_9090`]: listenerJson(
        '240.241.0.7',
        tcpFilter({ cluster: OUTBOUND, idleTimeout: '1s' }),
      ),
    });
  });

  it('is plain TCP as well when its application protocol is not registered', () => {
    const { port, routes } = metaPort();
    const service = meshService({ ports: [{ port, ...(routes === undefined ? {} : { routes }) }] });
    expect(shown(translateOutbound('metaproxy', service, settings).resources)).toEqual({
      'metaproxy/* Listener 240.241.0.7_9090': listenerJson('240.241.0.7', tcpFilter()),
    });
  });

  it('is left out when it is UDP, with a finding', () => {
    const service = meshService({ ports: [{ port: servicePort(plain('udp')) }] });
    const { resources, findings } = translateOutbound('metaproxy', service, settings);
    expect(resources).toEqual([]);
    expect(findings.map(({ code }) => code)).toEqual(['ISTH0703']);
  });
});

describe('who may see', () => {
  it('is said by a scope for each namespace that a service is exported to', () => {
    const namespaces = ['pay', 'shop'];
    const service = meshService({ service: { visibility: { kind: 'namespaces', namespaces } } });
    const { resources } = translateOutbound('envoy', service, settings);
    expect(resources.map(({ scope }) => scope)).toEqual(['envoy/pay', 'envoy/shop']);
    expect(resources[0]?.resource).toBe(resources[1]?.resource);
  });

  it('is nobody for a service that is exported to none', () => {
    const service = meshService({ service: { visibility: { kind: 'namespaces', namespaces: [] } } });
    expect(translateOutbound('envoy', service, settings).resources).toEqual([]);
  });
});

describe('gRPC', () => {
  const service = meshService({
    ports: [{ port: servicePort(plain('grpc')) }],
    policy: {
      policy: {
        loadBalancing: { kind: 'consistent-hash', algorithm: 'ring-hash', property: 'x-user' },
        connectTimeoutMs: 1000,
      },
    },
  });

  it('is served an API listener by the name that clients dial', () => {
    expect(shown(translateOutbound('grpc', service, settings).resources)).toEqual({
      [`grpc/* Listener ${HOST}:9090`]: {
        name: `${HOST}:9090`,
        apiListener: {
          apiListener: {
            '@type':
              'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
            statPrefix: `${HOST}:9090`,
            rds: { configSource: ads, routeConfigName: `${HOST}:9090` },
            httpFilters: [
              {
                name: 'envoy.filters.http.router',
                typedConfig: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
              },
            ],
          },
        },
      },
      [`grpc/* RouteConfiguration ${HOST}:9090`]: {
        name: `${HOST}:9090`,
        virtualHosts: [
          {
            name: `${HOST}:9090`,
            domains: ['*'],
            routes: [
              {
                match: { prefix: '/' },
                route: { cluster: OUTBOUND, hashPolicy: [{ header: { headerName: 'x-user' } }] },
              },
            ],
          },
        ],
      },
    });
  });

  it('is served nothing of ports that it cannot speak to', () => {
    expect(translateOutbound('grpc', meshService(), settings)).toEqual({ resources: [], findings: [] });
  });
});

describe('access logs', () => {
  const fileLog = (accessLog: { encoding: 'TEXT' | 'JSON'; format?: string }) => {
    const all = { ...settings, accessLog: { path: '/log', ...accessLog } };
    const [first] = translateOutbound('envoy', meshService(), all).resources;
    const listener = decode('envoy.config.listener.v3.Listener', first?.resource.body ?? new Uint8Array());
    const config = listener.filterChains?.[0]?.filters?.[0]?.typedConfig?.value ?? new Uint8Array();
    const proxy = decode('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', config);
    const log = proxy.accessLog?.[0]?.typedConfig?.value ?? new Uint8Array();
    return decode('envoy.extensions.access_loggers.file.v3.FileAccessLog', log).logFormat;
  };

  it('have the default fields of Aeraki', () => {
    expect(fileLog({ encoding: 'TEXT' })?.textFormatSource?.inlineString).toBe(
      '[%START_TIME%] %REQ(X-META-PROTOCOL-APPLICATION-PROTOCOL)% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% ' +
        '%CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% ' +
        '%DURATION%  "%REQ(X-FORWARDED-FOR)%" "%REQ(X-REQUEST-ID)%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% ' +
        '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %ROUTE_NAME%\n',
    );
    expect(Object.keys(fileLog({ encoding: 'JSON' })?.jsonFormat?.fields ?? {})).toEqual(
      [
        'start_time route_name application_protocol response_code response_code_details',
        'connection_termination_details bytes_received bytes_sent duration request_id upstream_cluster',
        'upstream_local_address downstream_local_address downstream_remote_address upstream_transport_failure_reason',
      ]
        .flatMap((line) => line.split(' '))
        .sort(),
    );
  });

  it('take a format of their own, and the default with a finding where it is none', () => {
    expect(Object.keys(fileLog({ encoding: 'JSON', format: '{"a":"%X%"}' })?.jsonFormat?.fields ?? {})).toEqual(['a']);
    expect(Object.keys(fileLog({ encoding: 'JSON', format: '{' })?.jsonFormat?.fields ?? {})).toHaveLength(15);
    const broken = { ...settings, accessLog: { path: '/log', encoding: 'JSON' as const, format: '[1]' } };
    expect(settingsFindings(broken).map(({ code }) => code)).toEqual(['ISTH0707']);
    expect(settingsFindings(settings)).toEqual([]);
  });
});
