import { expect, it } from 'vitest';
import { decode } from '../../xds-api/messages.ts';
import { readBootstrap } from './bootstrap.ts';
import { planListener } from './listener-plan.ts';

const META = 'type.googleapis.com/aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy';
const TCP = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';

const snake = {
  '@type': META,
  stat_prefix: 's',
  application_protocol: 'awesomerpc',
  codec: { name: 'aeraki.meta_protocol.codec.awesomerpc' },
  route_config: {
    name: 'r',
    routes: [{ match: { metadata: [{ name: 'cmd', exact_match: '1' }] }, route: { cluster: 'a' } }],
  },
  meta_protocol_filters: [{ name: 'aeraki.meta_protocol.filters.router' }],
};
const camel = {
  '@type': META,
  statPrefix: 's',
  protocol: { name: 'awesomerpc', codec: { name: 'aeraki.meta_protocol.codec.awesomerpc' } },
  routeConfig: {
    name: 'r',
    routes: [{ match: { metadata: [{ name: 'cmd', exactMatch: '1' }] }, route: { cluster: 'a' } }],
  },
  metaProtocolFilters: [
    {
      name: 'any',
      config: { '@type': 'type.googleapis.com/aeraki.meta_protocol_proxy.filters.router.v1alpha.Router' },
    },
  ],
};
const { routeConfig: _routes, ...withoutRoutes } = camel;
const typedStruct = (type: string, config: Record<string, unknown>): unknown => {
  const { '@type': _, ...value } = config;
  return { '@type': `type.googleapis.com/${type}`, type_url: META, value };
};

function service(typedConfig: unknown): unknown {
  const { resources } = readBootstrap({
    static_resources: {
      listeners: [
        {
          name: 'l',
          address: { socket_address: { address: '127.0.0.1', port_value: 1 } },
          filter_chains: [{ filters: [{ name: 'f', typed_config: typedConfig }] }],
        },
      ],
    },
  });
  const plan = planListener(decode('envoy.config.listener.v3.Listener', resources[0]?.body ?? new Uint8Array()));
  return JSON.parse(JSON.stringify(plan.service));
}

it('reads snake_case and camelCase, both generations of codec fields, typed_config and TypedStruct alike', () => {
  const expected = service(camel);
  expect(expected).toMatchObject({ applicationProtocol: 'awesomerpc', routes: { table: { routes: [{ name: '' }] } } });
  expect(service(snake)).toEqual(expected);
  for (const wrapper of ['udpa.type.v1.TypedStruct', 'xds.type.v3.TypedStruct']) {
    expect(service(typedStruct(wrapper, snake))).toEqual(expected);
    expect(service(typedStruct(wrapper, camel))).toEqual(expected);
  }
});

it('finds the control plane of ads_config among the static clusters', () => {
  const { ads, admin } = readBootstrap({
    admin: { address: { socketAddress: { address: '127.0.0.1', portValue: 15000 } } },
    dynamicResources: { adsConfig: { apiType: 'DELTA_GRPC', grpcServices: [{ envoyGrpc: { clusterName: 'xds' } }] } },
    staticResources: {
      clusters: [
        {
          name: 'xds',
          loadAssignment: {
            clusterName: 'xds',
            endpoints: [
              {
                lbEndpoints: [{ endpoint: { address: { socketAddress: { address: '10.0.0.1', portValue: 15010 } } } }],
              },
            ],
          },
        },
      ],
    },
  });
  expect(ads).toEqual({ address: '10.0.0.1:15010', delta: true });
  expect(admin).toBe('127.0.0.1:15000');
});

it('writes an IPv6 address so that it can be dialled, and says that it has no admin address in a file', () => {
  const admin = (address: unknown) => readBootstrap({ admin: { address } });
  expect(admin({ socketAddress: { address: '::1', portValue: 15000 } }).admin).toBe('[::1]:15000');
  const file = admin({ pipe: { path: '/run/admin' } });
  expect([file.admin, file.unknownFields]).toEqual([undefined, ['admin.address.pipe']]);
});

it('names what it does not know, and refuses what is wrong', () => {
  expect(readBootstrap({ fancy: 1 }).unknownFields).toEqual(['fancy']);
  expect(() => readBootstrap({ node: { id: 7 } })).toThrow('bootstrap: node.id');
});

it('names the parts that it leaves out: where it gets nothing from, and what it does not send', () => {
  const grpcServices = [{ googleGrpc: { targetUri: 'h:1' }, initialMetadata: [{ key: 'authorization', value: 'x' }] }];
  const { ads, unknownFields } = readBootstrap({
    dynamicResources: {
      ldsConfig: { path: '/etc/lds.yaml' },
      cdsConfig: { ads: {} },
      adsConfig: { apiType: 'GRPC', grpcServices },
    },
  });
  expect(ads).toEqual({ address: 'h:1', delta: false });
  expect(unknownFields).toEqual([
    'dynamic_resources.lds_config',
    'dynamic_resources.ads_config.grpc_services[0].initial_metadata',
  ]);
});

it.each([{ channelCredentials: { sslCredentials: {} } }, { callCredentials: [{ accessToken: 'secret' }] }])(
  'speaks to no control plane in plain text against what is written: %j',
  (credentials) => {
    const grpcServices = [{ googleGrpc: { targetUri: 'h:1', ...credentials } }];
    const read = () => readBootstrap({ dynamicResources: { adsConfig: { apiType: 'GRPC', grpcServices } } });
    expect(read).toThrow('credentials are not supported');
    expect(read).not.toThrow('secret');
  },
);

it.each([
  [{ ...camel, statPrefix: '' }, 'stat_prefix is needed'],
  [{ ...camel, metaProtocolFilters: [{ name: 'aeraki.meta_protocol.filters.ratelimit' }] }, 'is not supported'],
  [{ ...camel, protocol: { name: 'x', codec: { name: 'nobody' } } }, 'there is no codec "nobody"'],
  [withoutRoutes, 'route_config or rds is needed'],
  [{ ...withoutRoutes, rds: { configSource: { path: '/r' }, routeConfigName: 'r' } }, 'rds.config_source: this proxy'],
  [{ '@type': TCP, statPrefix: 's', cluster: 'a', tunnelingConfig: { hostname: 'h' } }, 'tunneling_config'],
  [{ '@type': TCP, statPrefix: 's', cluster: 'a', metadataMatch: {} }, 'metadata_match'],
  [{ '@type': TCP, statPrefix: 's', weightedClusters: { clusters: [] } }, 'one with a weight above 0'],
])('refuses a listener that it would not serve as written', (config, reason) => {
  expect(() => service(config)).toThrow(reason);
});

it('tells which parts of a listener it passes over', () => {
  const file = 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog';
  const log = { typedConfig: { '@type': file, path: '/dev/stdout' }, filter: { traceableFilter: {} } };
  expect(service({ ...camel, accessLog: [log] })).toMatchObject({ inertFilters: ['access_log[0].filter'] });
  const { filter: _filter, ...plain } = log;
  expect(service({ ...camel, accessLog: [plain] })).toMatchObject({ inertFilters: [] });
  const tcp = { '@type': TCP, statPrefix: 's', cluster: 'a', accessLog: [plain] };
  expect(service(tcp)).toMatchObject({ inertFilters: ['tcp_proxy.access_log'] });
});
