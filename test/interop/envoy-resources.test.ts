/** What a stock Envoy is served, put to an Envoy: it must take every resource, and meet nothing deprecated. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MeshService } from '../../src/model/mesh-service.ts';
import { proxyNode } from '../../src/model/proxy-fixture.ts';
import type { LoadBalancing } from '../../src/model/traffic-policy.ts';
import { translateClusters } from '../../src/translate/envoy/clusters.ts';
import { translateEndpoints } from '../../src/translate/envoy/load-assignments.ts';
import { translateInbound } from '../../src/translate/inbound.ts';
import { httpRoutes } from '../../src/translate/metaprotocol/http-routes.ts';
import { translateOutbound } from '../../src/translate/outbound.ts';
import { type ScopedResource, scopesOf } from '../../src/translate/scope.ts';
import {
  destination,
  endpoint,
  group,
  inboundPort,
  meshService,
  metaPort,
  policy,
  route,
  routeTable,
  settings,
  shown,
} from '../../src/translate/translation-fixture.ts';
import { peerUnderTest } from './peer-under-test.ts';

const envoy = peerUnderTest('envoy');
const proxy = proxyNode('n', { namespace: '' });
const logged = { ...settings, accessLog: { path: '/dev/null', encoding: 'JSON' as const }, idleTimeoutMs: 1500 };

const split = route({
  match: [
    { property: 'method', match: { kind: 'exact', value: 'pay' } },
    { property: 'user', match: { kind: 'regex', value: '[0-9]+' } },
    { property: 'zone', match: { kind: 'prefix', value: '' } },
  ],
  destinations: [
    { destination: destination('v1'), weight: 90 },
    { destination: destination('v2'), weight: 0 },
  ],
  mirror: { destination: destination('v2'), percentage: 12.5 },
  requestMutation: [{ key: 'a', value: 'b' }],
  hashProperties: ['user'],
});

/** Of what stands in the scopes of every kind of proxy, what a stock Envoy in the service's namespace sees. */
const seen = ({ service }: MeshService, resources: readonly ScopedResource[]) => {
  const scopes = new Set(scopesOf({ ...proxy, namespace: service.namespace }));
  return resources.filter(({ scope }) => scopes.has(scope));
};

const of = (resources: readonly ScopedResource[], type: string) =>
  Object.entries(shown(resources)).flatMap(([name, json]) => (name.includes(` ${type} `) ? [json] : []));

function services(): readonly MeshService[] {
  const balancings: readonly LoadBalancing[] = [
    { kind: 'round-robin' },
    { kind: 'least-request' },
    { kind: 'random' },
    { kind: 'passthrough' },
    { kind: 'consistent-hash', algorithm: 'ring-hash', minimumRingSize: 8_388_609 },
    { kind: 'consistent-hash', algorithm: 'ring-hash', minimumRingSize: 512 },
    { kind: 'consistent-hash', algorithm: 'maglev', tableSize: 1024 },
    { kind: 'consistent-hash', algorithm: 'maglev', tableSize: 1021 },
  ];
  const resolutions = ['dns', 'dns-round-robin', 'none'] as const;
  const named = (at: number) => ({ host: `s${at}.example` });
  return [
    ...balancings.map((loadBalancing, at) =>
      meshService({
        service: named(at),
        addresses: [`127.241.0.${at}`, `::${at + 1}`],
        ports: [metaPort({ routes: routeTable(split, route()) })],
        policy: { policy: { ...policy, loadBalancing, maxConnections: 9, tcpKeepaliveSeconds: 30 } },
      }),
    ),
    ...resolutions.map((resolution, at) =>
      meshService({ service: { ...named(100 + at), resolution }, addresses: [`127.241.1.${at}`] }),
    ),
  ];
}

function bootstrap(): object {
  const all = services().flatMap((service) => [
    ...translateOutbound('envoy', service, logged).resources,
    ...seen(service, translateClusters(service, [group('', endpoint('localhost'))]).resources),
  ]);
  const inbound = translateInbound('envoy', inboundPort({ address: '127.0.0.9' }), logged).resources;
  const places = [
    group('r/z/s', endpoint('10.0.0.1', { weight: 3, labels: { a: 'b' } }), endpoint('::1', { health: 'draining' })),
    group('', endpoint('unix:///run/x.sock', { port: 0 })),
  ];
  const assignments = of(translateEndpoints(meshService(), places), 'ClusterLoadAssignment');
  const carrier = httpRoutes(routeTable(split, route()), 'metaproxy');
  const routes = shown([{ scope: '', resource: carrier }])[` RouteConfiguration ${carrier.name}`];
  if (typeof routes !== 'object') throw new TypeError('no routes');
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'routes',
    route_config: { ...routes, validate_clusters: false },
    http_filters: [
      {
        name: 'router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  return {
    node: { id: 'n', cluster: 'c' },
    layered_runtime: {
      layers: [{ name: 'strict', static_layer: { 'envoy.features.fail_on_any_deprecated_feature': true } }],
    },
    dynamic_resources: {
      ads_config: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds' } }],
      },
    },
    static_resources: {
      listeners: [
        ...of([...all, ...inbound], 'Listener'),
        {
          name: 'routes',
          address: { socket_address: { address: '127.0.0.1', port_value: 1 } },
          filter_chains: [{ filters: [{ name: 'hcm', typed_config: manager }] }],
        },
      ],
      clusters: [
        { name: 'xds', type: 'STATIC' },
        ...of([...all, ...inbound], 'Cluster'),
        ...assignments.map((assignment, at) => ({ name: `a${at}`, type: 'STATIC', load_assignment: assignment })),
      ],
    },
  };
}

describe.skipIf(envoy === undefined)('envoy, as stock', () => {
  it('takes all that it would be served, without one deprecated field', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-envoy-'));
    const file = path.join(folder, 'bootstrap.json');
    try {
      writeFileSync(file, JSON.stringify(bootstrap()));
      const args = ['--mode', 'validate', '--disable-hot-restart', '--reject-unknown-dynamic-fields', '-l', 'warning'];
      const run = spawnSync(envoy ?? '', [...args, '-c', file], { encoding: 'utf8', timeout: 60_000 });
      expect(`${run.stdout}${run.stderr}`.replace(file, 'bootstrap.json')).toContain(
        "configuration 'bootstrap.json' OK",
      );
      expect(run.stderr).not.toMatch(/deprecated/i);
      expect(run.status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
