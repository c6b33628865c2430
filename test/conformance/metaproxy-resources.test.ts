/** What metaproxy is served, put to metaproxy's own reading of it: what is translated is taken, with one exception. */
import { describe, expect, it } from 'vitest';
import type { MeshService, PortCodec } from '../../src/model/mesh-service.ts';
import { planCluster } from '../../src/proxy/config/cluster-plan.ts';
import { planEndpoints } from '../../src/proxy/config/endpoint-plan.ts';
import { convertHttpRoutes } from '../../src/proxy/config/http-routes.ts';
import { planListener } from '../../src/proxy/config/listener-plan.ts';
import { planRoutes } from '../../src/proxy/config/route-plan.ts';
import { translateClusters } from '../../src/translate/envoy/clusters.ts';
import { translateEndpoints } from '../../src/translate/envoy/load-assignments.ts';
import { translateInbound } from '../../src/translate/inbound.ts';
import { translateOutbound } from '../../src/translate/outbound.ts';
import type { ScopedResource } from '../../src/translate/scope.ts';
import {
  destination,
  endpoint,
  group,
  HOST,
  inboundPort,
  meshService,
  metaPort,
  OUTBOUND,
  policy,
  route,
  routeTable,
  settings,
  thrift,
} from '../../src/translate/translation-fixture.ts';
import { decode, type Message, type MessageName, typeUrl } from '../../src/xds-api/messages.ts';

const description = {
  frame: { header: { size: 13 }, length: { parts: [{ offset: 5, type: 'u32' }], counts: 'whole', min: 13 } },
  fields: { id: { offset: 1, type: 'u32' }, cmd: { offset: 9, type: 'i16' } },
  identity: { requestId: 'id', correlation: 'id' },
  properties: { cmd: { from: 'cmd', as: 'decimal' } },
};
const builtIn: PortCodec = { protocol: { ...thrift.protocol, codec: 'aeraki.meta_protocol.codec.awesomerpc' } };
const described: PortCodec = {
  protocol: { ...thrift.protocol, name: 'awesomerpc', codec: 'my-awesomerpc' },
  description,
};

function all<N extends MessageName>(resources: readonly ScopedResource[], name: N): readonly Message<N>[] {
  return resources
    .filter(({ resource }) => resource.typeUrl === typeUrl(name))
    .map(({ resource }) => decode(name, resource.body));
}

const match = [{ property: 'method', match: { kind: 'regex', value: 'a.*' } as const }];
const bucket = { maxTokens: 5, tokensPerFill: 1, fillIntervalMs: 10 };
const table = routeTable(
  route({
    name: 'split',
    match,
    destinations: [
      { destination: destination('v1'), weight: 90 },
      { destination: destination('v2'), weight: 10 },
    ],
    mirror: { destination: destination('v2'), percentage: 50 },
    requestMutation: [{ key: 'a', value: 'b' }],
    responseMutation: [{ key: 'c', value: 'd' }],
    hashProperties: ['user'],
  }),
  route(),
);
const logged = { ...settings, accessLog: { path: '/dev/null', encoding: 'JSON' as const }, idleTimeoutMs: 1000 };

describe('metaproxy', () => {
  it.each([
    ['a built-in codec', builtIn],
    ['a described codec', described],
  ])('takes listeners with %s', (_, codec) => {
    const service = meshService({ ports: [metaPort({ codec, routes: table })], addresses: ['127.241.0.7', '::1'] });
    const limits = { localRateLimit: { bucket, conditions: [{ match, bucket }] } };
    const resources = [
      ...translateOutbound('metaproxy', service, logged).resources,
      ...translateInbound('metaproxy', inboundPort({ codec, ...limits }), logged).resources,
    ];
    const plans = all(resources, 'envoy.config.listener.v3.Listener').map(planListener);
    expect(plans.map(({ name, address }) => [name, address])).toEqual([
      ['127.241.0.7_9090', { host: '127.241.0.7', port: 9090 }],
      ['::1_9090', { host: '::1', port: 9090 }],
      ['10.0.0.5_8080', { host: '10.0.0.5', port: 8080 }],
    ]);
    const services = plans.map(({ service: one }) => (one.kind === 'metaprotocol' ? one : undefined));
    expect(services.map((one) => one?.applicationProtocol)).toEqual(Array(3).fill(codec.protocol.name));
    expect(services.map((one) => one?.codec.name)).toEqual(Array(3).fill(codec.protocol.codec));
    expect(services.map((one) => one?.rateLimits.length)).toEqual([0, 0, 1]);
    expect(services.map((one) => one?.idleTimeoutMs)).toEqual([1000, 1000, 1000]);
  });

  it('reads the same routes from either form', () => {
    const service = meshService({ ports: [metaPort({ routes: table })] });
    const { resources } = translateOutbound('metaproxy', service, settings);
    const [http] = all(resources, 'envoy.config.route.v3.RouteConfiguration');
    const [native] = all(resources, 'aeraki.meta_protocol_proxy.config.route.v1alpha.RouteConfiguration');
    const fromHttp = planRoutes(convertHttpRoutes(http ?? {}));
    const fromNative = planRoutes(native ?? {});
    expect(JSON.stringify(fromNative)).toBe(JSON.stringify(fromHttp));
    expect(fromNative.routes).toHaveLength(2);
  });

  it('refuses clusters that go where the caller dialled, which it cannot know, and says so', () => {
    const service = meshService({ policy: { policy: { ...policy, loadBalancing: { kind: 'passthrough' } } } });
    const [cluster] = all(translateClusters(service).resources, 'envoy.config.cluster.v3.Cluster');
    expect(() => planCluster(cluster ?? {})).toThrow('type ORIGINAL_DST is not supported by this proxy');
  });

  it.each<MeshService['policy']['policy']['loadBalancing']>([
    { kind: 'round-robin' },
    { kind: 'least-request' },
    { kind: 'random' },
    { kind: 'consistent-hash', algorithm: 'ring-hash', minimumRingSize: 64 },
    { kind: 'consistent-hash', algorithm: 'maglev', tableSize: 1024 },
  ])('takes clusters balanced by %j, and their endpoints', (loadBalancing) => {
    const service = meshService({ policy: { policy: { ...policy, loadBalancing, maxConnections: 7 } } });
    const groups = [
      group('r/z', endpoint('10.0.0.1', { weight: 3 }), endpoint('10.0.0.2', { health: 'draining' })),
      group('', endpoint('unix:///run/x.sock', { port: 0 })),
    ];
    const [cluster] = all(translateClusters(service).resources, 'envoy.config.cluster.v3.Cluster').map(planCluster);
    expect(cluster).toMatchObject({ name: OUTBOUND, connectTimeoutMs: 1500, maxConnections: 7 });
    const [assignment] = all(translateEndpoints(service, groups), 'envoy.config.endpoint.v3.ClusterLoadAssignment');
    expect(planEndpoints(assignment ?? {}, false).map(({ key, weight, healthy }) => [key, weight, healthy])).toEqual([
      ['/run/x.sock', 1, true],
      ['10.0.0.1:9090', 3, true],
      ['10.0.0.2:9090', 1, false],
    ]);
    expect(assignment?.clusterName).toBe(`outbound|9090||${HOST}`);
  });
});
