/** Whatever the mesh model holds: translation does not throw, is a function of it, and gives no proxy what it cannot use. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EndpointGroup } from '../../src/model/endpoint.ts';
import type { InboundPort, MeshPort, MeshService } from '../../src/model/mesh-service.ts';
import type { ProxyKind } from '../../src/model/proxy.ts';
import type { Destination, LocalRateLimit, PropertyMatch, Route, StringMatch } from '../../src/model/route.ts';
import type { LoadBalancing, TrafficPolicy } from '../../src/model/traffic-policy.ts';
import { translateClusters } from '../../src/translate/envoy/clusters.ts';
import { translateEndpoints } from '../../src/translate/envoy/load-assignments.ts';
import { translateInbound } from '../../src/translate/inbound.ts';
import { translateServiceEntry } from '../../src/translate/istio/service-entries.ts';
import { translateOutbound } from '../../src/translate/outbound.ts';
import { type ScopedResource, scopedResourceKey } from '../../src/translate/scope.ts';
import {
  declared,
  endpoint,
  group,
  HOST,
  inboundPort,
  meshService,
  metaPort,
  plain,
  routeTable,
  servicePort,
  settings,
  shown,
  thrift,
} from '../../src/translate/translation-fixture.ts';
import { decode, encode, messageName } from '../../src/xds-api/messages.ts';
import { fromJson, toJson } from '../../src/xds-api/proto-json.ts';

const kinds: readonly ProxyKind[] = ['envoy', 'envoy-meta', 'istio-sidecar', 'metaproxy', 'grpc'];
const text = fc.oneof(fc.string(), fc.constantFrom('', '__proto__', 'constructor', 'é\u0000'));
const present = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const stringMatch: fc.Arbitrary<StringMatch> = fc.oneof(
  fc.record({ kind: fc.constantFrom('exact' as const, 'prefix' as const, 'regex' as const), value: text }),
  fc.constant({ kind: 'present' as const }),
);
const propertyMatch: fc.Arbitrary<PropertyMatch> = fc.record({ property: text, match: stringMatch });
const requestMatch = fc.array(propertyMatch, { maxLength: 3 });
const destination: fc.Arbitrary<Destination> = fc.record({
  host: fc.constantFrom(HOST, 'other.example'),
  port: fc.integer({ min: 1, max: 65_535 }),
  subset: fc.constantFrom('', 'v1'),
});
const keyValues = fc.array(fc.record({ key: text, value: text }), { maxLength: 2 });
const route: fc.Arbitrary<Route> = fc
  .record({
    name: text,
    match: requestMatch,
    destinations: fc.array(fc.record({ destination, weight: fc.nat(100) }), { minLength: 1, maxLength: 3 }),
    mirror: present(fc.record({ destination, percentage: fc.double({ min: 0.0001, max: 100, noNaN: true }) })),
    requestMutation: keyValues,
    responseMutation: keyValues,
    hashProperties: fc.array(text, { maxLength: 2 }),
  })
  .map(({ mirror, ...rest }) => (mirror === undefined ? rest : { ...rest, mirror }));

const bucket = fc.record({ maxTokens: fc.nat(), tokensPerFill: fc.nat(), fillIntervalMs: fc.nat(100_000) });
const localRateLimit: fc.Arbitrary<LocalRateLimit> = fc.record({
  bucket,
  conditions: fc.array(fc.record({ match: requestMatch, bucket }), { maxLength: 2 }),
});

const loadBalancing: fc.Arbitrary<LoadBalancing> = fc.oneof(
  fc.constantFrom<LoadBalancing>({ kind: 'round-robin' }, { kind: 'random' }, { kind: 'passthrough' }),
  fc.record({
    kind: fc.constant('consistent-hash' as const),
    algorithm: fc.constantFrom('ring-hash' as const, 'maglev' as const),
    minimumRingSize: fc.nat(),
    tableSize: fc.nat(6_000_000),
  }),
);
const trafficPolicy: fc.Arbitrary<TrafficPolicy> = fc.record({
  loadBalancing,
  connectTimeoutMs: fc.nat(),
  maxConnections: fc.nat(),
  tcpKeepaliveSeconds: fc.nat(),
});

const meshPort: fc.Arbitrary<MeshPort> = fc.oneof(
  fc.constantFrom('tcp' as const, 'udp' as const, 'grpc' as const).map((kind) => ({ port: servicePort(plain(kind)) })),
  fc
    .tuple(fc.constantFrom(thrift, declared), fc.array(route, { maxLength: 3 }))
    .map(([codec, routes]) => metaPort({ codec, routes: routeTable(...routes) })),
);

const service: fc.Arbitrary<MeshService> = fc
  .record({
    port: meshPort,
    policy: trafficPolicy,
    subset: trafficPolicy,
    resolution: fc.constantFrom('static' as const, 'dns' as const, 'dns-round-robin' as const, 'none' as const),
    namespaces: present(fc.uniqueArray(fc.constantFrom('shop', 'pay'))),
  })
  .map(({ port, policy, subset, resolution, namespaces }) =>
    meshService({
      ports: [port],
      addresses: ['240.241.0.7', '2001:2:1::7'],
      policy: { policy, subsets: [{ name: 'v1', labels: { version: 'v1' }, policy: subset }] },
      service: {
        resolution,
        visibility: namespaces === undefined ? { kind: 'public' } : { kind: 'namespaces', namespaces },
      },
    }),
  );

const groups: fc.Arbitrary<readonly EndpointGroup[]> = fc.uniqueArray(
  fc
    .tuple(
      fc.constantFrom('', 'r/z', 'r/y', 'é/z/s'),
      fc.array(
        fc.record({
          port: fc.integer({ min: 1, max: 65_535 }),
          weight: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
          health: fc.constantFrom('healthy' as const, 'unhealthy' as const, 'draining' as const),
          labels: fc.dictionary(fc.oneof(fc.constantFrom('version', '__proto__', '1'), fc.string()), text),
        }),
        { maxLength: 3 },
      ),
    )
    .map(([place, endpoints]) => group(place, ...endpoints.map((rest, at) => endpoint(`10.0.0.${at}`, rest)))),
  { selector: ({ key }) => key },
);

const inbound: fc.Arbitrary<InboundPort> = fc
  .tuple(meshPort, localRateLimit)
  .map(([{ port, codec }, limit]) =>
    inboundPort({ port, localRateLimit: limit, ...(codec === undefined ? {} : { codec }) }),
  );

function everything(one: MeshService, places: readonly EndpointGroup[], port: InboundPort): readonly ScopedResource[] {
  return [
    ...kinds.flatMap((kind) => translateOutbound(kind, one, settings).resources),
    ...kinds.flatMap((kind) => translateInbound(kind, port, settings).resources),
    ...translateClusters(one, places).resources,
    ...translateEndpoints(one, places),
  ];
}

describe('translation', () => {
  it('gives the same bytes whatever the order of endpoint groups, and each resource once', () => {
    fc.assert(
      fc.property(service, groups, inbound, (one, places, port) => {
        const resources = everything(one, places, port);
        expect(everything(one, places.toReversed(), port)).toEqual(resources);
        expect(new Set(resources.map(scopedResourceKey)).size).toBe(resources.length);
        expect(() => translateServiceEntry(one, places, { revision: 'default', sharesObjects: false })).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });

  it('writes canonical messages: no default is written, and JSON loses nothing', () => {
    fc.assert(
      fc.property(service, groups, inbound, (one, places, port) => {
        for (const { resource } of everything(one, places, port)) {
          const name = messageName(resource.typeUrl);
          if (name === undefined) throw new RangeError(resource.typeUrl);
          const again = encode(name, fromJson(name, toJson(name, decode(name, resource.body))));
          expect(Buffer.from(again).equals(resource.body)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never gives a stock Envoy or a gRPC client anything of MetaProtocol', () => {
    fc.assert(
      fc.property(service, groups, inbound, (one, places, port) => {
        for (const { scope, resource } of everything(one, places, port)) {
          if (!/^(envoy|grpc|all)[/@]/.test(scope)) continue;
          expect(resource.typeUrl).not.toContain('aeraki');
          expect(Buffer.from(resource.body).includes('aeraki')).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives nobody but deployed proxies deprecated fields, and these no description of a codec', () => {
    const deprecated = /"(exactMatch|prefixMatch|safeRegexMatch|totalWeight|applicationProtocol|googleRe2)"/;
    fc.assert(
      fc.property(service, groups, inbound, (one, places, port) => {
        for (const [name, json] of Object.entries(shown(everything(one, places, port)))) {
          if (name.startsWith('envoy-meta') || name.startsWith('istio-sidecar'))
            expect(JSON.stringify(json)).not.toContain('isthmus.dev');
          else expect(JSON.stringify(json)).not.toMatch(deprecated);
        }
      }),
      { numRuns: 300 },
    );
  });
});
