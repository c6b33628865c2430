/** What gRPC clients are served, put to the checks of grpc-js-xds, a client that nobody here wrote. */

import { register } from '@grpc/grpc-js-xds';
import { ClusterResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/cluster-resource-type.js';
import { EndpointResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/endpoint-resource-type.js';
import { ListenerResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/listener-resource-type.js';
import { RouteConfigurationResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/route-config-resource-type.js';
import { describe, expect, it } from 'vitest';
import type { MeshService } from '../../src/model/mesh-service.ts';
import { proxyNode } from '../../src/model/proxy-fixture.ts';
import type { LoadBalancing } from '../../src/model/traffic-policy.ts';
import { translateClusters } from '../../src/translate/envoy/clusters.ts';
import { translateEndpoints } from '../../src/translate/envoy/load-assignments.ts';
import { translateOutbound } from '../../src/translate/outbound.ts';
import { type ScopedResource, scopesOf } from '../../src/translate/scope.ts';
import {
  endpoint,
  group,
  meshService,
  plain,
  policy,
  servicePort,
  settings,
} from '../../src/translate/translation-fixture.ts';

// Fills the client's own tables of filters and balancers.
register();

const types = new Map(
  [
    ListenerResourceType.get(),
    RouteConfigurationResourceType.get(),
    ClusterResourceType.get(),
    EndpointResourceType.get(),
  ].map((type) => [type.getFullTypeUrl(), type]),
);
const server = { server_uri: 'localhost:1', channel_creds: [], server_features: [] };
const bootstrap = {
  xdsServers: [],
  node: { id: 'n', locality: {} },
  authorities: {},
  clientDefaultListenerResourceNameTemplate: '%s',
  serverListenerResourceNameTemplate: null,
  certificateProviders: {},
};

const grpc = scopesOf(proxyNode('n', { kind: 'grpc' }));

/** What the client says of each resource that it would be served: `accepted`, or why it refuses. */
function verdicts(resources: readonly ScopedResource[]): readonly string[] {
  const visible = new Map<string, ScopedResource>();
  for (const scope of grpc.toReversed())
    for (const one of resources) if (one.scope === scope) visible.set(one.resource.typeUrl + one.resource.name, one);
  return [...visible.values()].map(({ resource }) => {
    const any = { type_url: resource.typeUrl, value: Buffer.from(resource.body) };
    const result = types.get(resource.typeUrl)?.decode({ server, bootstrap }, any);
    if (result?.name !== resource.name) return `${resource.name} was read as ${result?.name}`;
    return result.error ?? (result.value === undefined ? 'nothing was read' : 'accepted');
  });
}

function served(service: MeshService): readonly ScopedResource[] {
  const groups = [
    group('r/z', endpoint('10.0.0.1', { labels: { version: 'v1' } }), endpoint('2001:db8::1', { weight: 3 })),
    group('', endpoint('10.0.0.2', { health: 'draining' })),
  ];
  return [
    ...translateOutbound('grpc', service, settings).resources,
    ...translateClusters(service, [group('', endpoint('orders.example'))]).resources,
    ...translateEndpoints(service, groups),
  ];
}

const ports = [{ port: servicePort(plain('grpc')) }];

describe('a gRPC client', () => {
  it.each<LoadBalancing>([
    { kind: 'round-robin' },
    { kind: 'least-request' },
    { kind: 'random' },
    { kind: 'consistent-hash', algorithm: 'maglev', tableSize: 1021 },
    { kind: 'consistent-hash', algorithm: 'ring-hash', property: 'x-user', minimumRingSize: 1024 },
  ])('takes every resource of a service balanced by $kind', (loadBalancing) => {
    const service = meshService({ ports, policy: { policy: { ...policy, loadBalancing } } });
    expect(verdicts(served(service))).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
  });

  it('takes a service that is resolved by DNS', () => {
    const service = meshService({ ports, service: { resolution: 'dns' } });
    expect(verdicts(served(service))).toEqual(['accepted', 'accepted', 'accepted']);
  });
});
