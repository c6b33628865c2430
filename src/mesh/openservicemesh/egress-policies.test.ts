import { expect, it } from 'vitest';
import type { AnyResource } from '../../resources/kinds.ts';
import { routeGroup } from '../access/access-fixture.ts';
import { destinationRule, serviceEntry, testMesh } from '../mesh-fixture.ts';
import { egress, trafficSetting } from './osm-policy-fixture.ts';

const key = 'isthmus-system/api.example';
const buyer = 'spiffe://cluster.local/ns/shop/sa/buyer';
const seller = 'spiffe://cluster.local/ns/shop/sa/seller';
const forSeller = { sources: [{ namespace: 'shop', name: 'seller' }] };

function meshOf(...resources: readonly AnyResource[]) {
  const { mesh, set, remove, findings } = testMesh();
  set(...resources);
  return { mesh, set, remove, findings, egressOf: () => mesh.meshServices.get(key)?.egress };
}

it('a host is a service with a virtual IP, which only the namespaces of its callers see', () => {
  const { mesh } = meshOf(egress('shop/out'));
  expect(mesh.services.get(key)).toMatchObject({
    host: 'api.example',
    location: 'mesh-external',
    visibility: { kind: 'namespaces', namespaces: ['shop'] },
  });
  expect([...mesh.virtualIpClaims.keys()]).toEqual([key]);
});

it('policies for one host add up, whatever namespace they stand in', () => {
  const { egressOf, remove } = meshOf(egress('shop/out'), egress('stock/out', forSeller));
  expect(egressOf()?.[0]?.grants.map(({ callers }) => callers)).toEqual([[buyer], [seller]]);
  remove(egress('shop/out'));
  expect(egressOf()?.[0]?.grants.map(({ callers }) => callers)).toEqual([[seller]]);
});

it('groups narrow http, and a group that is not there lets nothing out', () => {
  const reading = { routeGroups: ['reading'], ports: [{ number: 80, protocol: 'http' } as const] };
  const { egressOf, set, findings } = meshOf(egress('shop/out', reading));
  expect(egressOf()).toBeUndefined();
  expect(findings()).toEqual(['ISTH1304 Egress/out spec.matches']);
  set(routeGroup('shop/reading', { pathRegex: '/status' }));
  expect(egressOf()?.[0]?.grants[0]?.requests).toMatchObject([{ pathRegex: '/status' }]);
  expect(findings()).toEqual([]);
});

it('without sources, ports or hosts nothing gets out', () => {
  for (const closed of [{ sources: [] }, { ports: [] }, { hosts: [] }]) {
    const { mesh } = meshOf(egress('shop/out', closed));
    expect(mesh.services.size).toBe(0);
  }
});

it('what has no one name gets no address, and is told', () => {
  const { mesh, findings } = meshOf(egress('shop/out', { hosts: ['*.example', '*', '192.0.2.1', '2001:db8::1'] }));
  expect(mesh.services.size).toBe(0);
  expect(findings()).toEqual([0, 1, 2, 3].map((at) => `ISTH1404 Egress/out spec.hosts[${at}]`));
});

it('connections are only let out to ranges that say where a host is', () => {
  const https = { ports: [{ number: 443, protocol: 'https' } as const] };
  const single = meshOf(egress('shop/out', { ...https, ipAddresses: ['192.0.2.1/32', '2001:db8::1/128'] }));
  expect(single.egressOf()?.[0]).toMatchObject({ number: 443, protocol: 'https' });
  for (const unclear of [
    { ipAddresses: ['192.0.2.0/24'] },
    { ipAddresses: ['192.0.2.1/32'], hosts: ['api.example', 'b'] },
  ]) {
    const { mesh, findings } = meshOf(egress('shop/out', { ...https, ...unclear }));
    expect(mesh.services.size).toBe(0);
    expect(findings()).toEqual(['ISTH1404 Egress/out spec.ipAddresses']);
  }
});

it('a port has the protocol of the first policy, and the other lets nothing out by it', () => {
  const https = egress('shop/late', { ...forSeller, ports: [{ number: 80, protocol: 'https' }] });
  const { egressOf, findings } = meshOf(egress('shop/early'), https);
  expect(egressOf()).toMatchObject([{ number: 80, protocol: 'http', grants: [{ callers: [buyer] }] }]);
  expect(findings()).toEqual(['ISTH1405 Egress/late spec.ports']);
});

it('a host that somebody else declares is his', () => {
  const entry = serviceEntry('stock/api', { hosts: ['api.example'], location: 'MESH_EXTERNAL', resolution: 'DNS' });
  const { mesh, findings, remove } = meshOf(egress('shop/out'), entry);
  expect([...mesh.services.keys()]).toEqual(['stock/api.example']);
  expect(findings()).toContain('ISTH1406 Egress/out spec.hosts');
  remove(entry);
  expect([...mesh.services.keys()]).toEqual([key]);
});

it('is off where the MeshConfig of Open Service Mesh says so', () => {
  const config: AnyResource = {
    kind: 'OsmMeshConfig',
    apiVersion: 'config.openservicemesh.io/v1alpha2',
    key: 'OsmMeshConfig/osm-system/osm-mesh-config',
    metadata: { namespace: 'osm-system', name: 'osm-mesh-config', labels: {}, annotations: {} },
    spec: {
      traffic: {
        enableEgress: false,
        enablePermissiveTrafficPolicyMode: false,
        outboundIPRangeExclusionList: [],
        outboundIPRangeInclusionList: [],
        outboundPortExclusionList: [],
        inboundPortExclusionList: [],
        networkInterfaceExclusionList: [],
      },
      sidecar: {
        tlsMinProtocolVersion: 'TLS_AUTO',
        tlsMaxProtocolVersion: 'TLS_AUTO',
        cipherSuites: [],
        ecdhCurves: [],
        localProxyMode: 'Localhost',
      },
      serviceCertValidityDuration: 86_400_000,
      features: { egressPolicy: false, ingressBackendPolicy: true, retryPolicy: true, activeHealthChecks: false },
    },
  };
  const { mesh, findings } = meshOf(egress('shop/out'), config);
  expect(mesh.services.size).toBe(0);
  expect(findings()).toEqual(['ISTH1404 Egress/out']);
});

const named = (upstreamTrafficSetting: string) => ({ upstreamTrafficSetting });
const bounded = (id: string, maxConnections: number) =>
  trafficSetting(id, 'api.example', { connections: { maxConnections } });

it('a setting that an Egress names bounds what is kept open to its hosts, whoever wrote a rule for them', () => {
  const rule = destinationRule('shop/api', {
    host: 'api.example',
    trafficPolicy: { connectionPool: { tcp: { maxConnections: 9 }, http: { http2MaxRequests: 8 } } },
  });
  const { mesh, findings, remove } = meshOf(egress('shop/out', named('few')), bounded('shop/few', 2), rule);
  const policy = () => mesh.meshServices.get(key)?.policy.portPolicies[80];
  expect(policy()).toMatchObject({ maxConnections: 2, maxRequests: 8 });
  expect(findings()).toContain('ISTH1343 UpstreamTrafficSetting/few spec.connectionSettings');
  remove(rule);
  expect(policy()).toMatchObject({ maxConnections: 2 });
  expect(findings()).toEqual([]);
});

it('a setting that is not there closes the policies that name it, and no other', () => {
  const { egressOf, findings, set } = meshOf(egress('shop/out', named('few')), egress('stock/out', forSeller));
  expect(egressOf()?.[0]?.grants.map(({ callers }) => callers)).toEqual([[seller]]);
  expect(findings()).toEqual(['ISTH1404 Egress/out spec.matches']);
  set(bounded('shop/few', 2));
  expect(egressOf()?.[0]?.grants).toHaveLength(2);
  expect(findings()).toEqual([]);
});

it('a port has the bounds of the first policy that says some, and the others are told', () => {
  const { mesh, findings } = meshOf(
    egress('shop/out', forSeller),
    egress('shop/late', { ...named('few') }, { created: 2 }),
    egress('shop/later', { ...named('many') }, { created: 3 }),
    bounded('shop/few', 2),
    bounded('shop/many', 20),
  );
  expect(mesh.meshServices.get(key)?.policy.portPolicies[80]).toMatchObject({ maxConnections: 2 });
  expect(findings()).toEqual(['ISTH1405 Egress/later spec.matches']);
});

it('what a setting limits by counting is told not to hold outside of the mesh', () => {
  const counting = trafficSetting('shop/few', 'api.example', {
    localTcp: { count: 1, per: 1000, burst: 0 },
    httpRoutes: [{ path: '/', descriptors: [] }],
  });
  expect(meshOf(egress('shop/out', named('few')), counting).findings()).toEqual(['ISTH1408 Egress/out spec.matches']);
});
