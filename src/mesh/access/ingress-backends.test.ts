import { expect, it } from 'vitest';
import type { PortIngress } from '../../model/ingress.ts';
import type { AnyResource, IngressBackend, IngressSource } from '../../resources/kinds.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { inboundAt, meshConfig, serviceEntry, testMesh } from '../mesh-fixture.ts';
import { ingressBackend } from '../openservicemesh/osm-policy-fixture.ts';

const enforced = meshConfig('/mesh', { access: { mode: 'Enforced' } });
const web = serviceEntry('shop/web', {
  hosts: ['web.shop.svc.cluster.local'],
  ports: [{ number: 80, name: 'http', targetPort: 8080 }],
  endpoints: [{ address: '10.1.0.1', serviceAccount: 'web' }],
});
const range: IngressSource = { kind: 'IPRange', range: '10.0.0.0/8' };
const gateway: IngressSource = { kind: 'Service', namespace: 'edge', name: 'gateway' };
const principal = (name: string): IngressSource => ({ kind: 'AuthenticatedPrincipal', name });
const https = (validatesClients: boolean, sniHosts: readonly string[] = []) => [
  { name: 'web', port: 8080, tls: { validatesClients, sniHosts } },
];

function meshOf(...resources: readonly AnyResource[]) {
  const { mesh, set, remove, findings } = testMesh();
  set(enforced, web, ...resources);
  const ingressOf = (): PortIngress | undefined => inboundAt(mesh, '10.1.0.1|8080')?.ingress;
  return { mesh, set, remove, findings, ingressOf };
}

function openBy(spec: Partial<IngressBackend['spec']>): unknown {
  const { ingressOf, findings } = meshOf(ingressBackend('shop/in', spec));
  const ingress = ingressOf();
  return ingress === undefined ? findings() : { ranges: ingress.ranges, tls: ingress.tls };
}

it('a port of a workload takes what its IngressBackend says, and knows by which names the mesh calls it', () => {
  const { mesh, findings } = meshOf(ingressBackend('shop/in'));
  expect(inboundAt(mesh, '10.1.0.1|8080')).toMatchObject({
    ingress: { object: { kind: 'IngressBackend', name: 'in' }, ranges: ['10.0.0.0/8'], requests: 'any' },
    calledAs: [{ host: 'web.shop.svc.cluster.local', port: 80 }],
  });
  expect(findings()).toEqual([]);
});

it('a Service among its sources stands for the addresses of its endpoints', () => {
  const entry = serviceEntry('edge/gateway', {
    hosts: ['gateway.edge.svc.cluster.local'],
    location: 'MESH_EXTERNAL',
    endpoints: [{ address: '10.2.0.1' }, { address: '2001:db8::1' }],
  });
  const { ingressOf, set, findings } = meshOf(ingressBackend('shop/in', { sources: [gateway] }));
  expect(ingressOf()).toBeUndefined();
  expect(findings()).toEqual([
    'ISTH1411 IngressBackend/in spec.backends[0]',
    'ISTH1414 IngressBackend/in spec.sources[0]',
  ]);
  set(entry);
  expect(ingressOf()?.ranges).toEqual(['10.2.0.1/32', '2001:db8::1/128']);
  expect(findings().filter((one) => one.includes('IngressBackend'))).toEqual([]);
});

it('nobody gets in whom nothing tells from others', () => {
  const closed = ['ISTH1411 IngressBackend/in spec.backends[0]'];
  expect(openBy({ sources: [principal('gateway.edge')] })).toEqual(closed);
  expect(openBy({ sources: [principal('gateway.edge')], backends: https(false) })).toEqual(closed);
  expect(openBy({ sources: [range], backends: https(true) })).toEqual(closed);
});

it('a certificate is asked for where clients are validated, and an address where ranges are written', () => {
  const named = principal('gateway.edge.cluster.local');
  expect(openBy({ sources: [named], backends: https(true, ['a.example']) })).toEqual({
    ranges: 'any',
    tls: { sniHosts: ['a.example'], principals: ['gateway.edge.cluster.local'] },
  });
  expect(openBy({ sources: [named, range], backends: https(true) })).toMatchObject({ ranges: ['10.0.0.0/8'] });
  expect(openBy({ sources: [named, range], backends: https(false) })).toEqual({
    ranges: ['10.0.0.0/8'],
    tls: { sniHosts: [] },
  });
  expect(openBy({ sources: [principal('*')], backends: https(true) })).toMatchObject({ tls: { principals: 'any' } });
});

it('a port has one policy: the oldest', () => {
  const late = ingressBackend('shop/late', { sources: [{ kind: 'IPRange', range: '0.0.0.0/0' }] }, { created: 2 });
  const { ingressOf, findings } = meshOf(late, ingressBackend('shop/zz', {}, { created: 1 }));
  expect(ingressOf()?.ranges).toEqual(['10.0.0.0/8']);
  expect(findings()).toEqual(['ISTH1412 IngressBackend/late spec.backends[0]']);
});

it('what names no service, no port or no group is told', () => {
  const other = [{ name: 'other', port: 8080 }];
  expect(openBy({ backends: other })).toEqual(['ISTH1410 IngressBackend/in spec.backends[0]']);
  expect(openBy({ backends: [{ name: 'web', port: 1 }] })).toEqual([
    'ISTH1410 IngressBackend/in spec.backends[0].port.number',
  ]);
  expect(openBy({ routeGroups: ['reading'] })).toEqual(['ISTH1304 IngressBackend/in spec.matches']);
});

it('where plaintext is spoken it keeps nobody out, which is told', () => {
  const { set, findings, ingressOf } = meshOf(ingressBackend('shop/in'));
  set(meshConfig('/mesh', { access: { mode: 'Disabled' } }));
  expect(ingressOf()).toBeUndefined();
  expect(findings()).toEqual(['ISTH1413 IngressBackend/in']);
});

it('a workload that a policy closes takes nothing from outside the mesh either', () => {
  const deny = (namespace: string): AnyResource => {
    const { resource } = createResourceReader().read({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'deny', namespace },
      spec: { action: 'DENY', rules: [{}] },
    });
    if (resource === undefined) throw new RangeError('it cannot be read');
    return resource;
  };
  const { ingressOf, set, remove, findings } = meshOf(ingressBackend('shop/in'), deny('pay'));
  expect(ingressOf()).toBeDefined();
  set(deny('shop'));
  expect(ingressOf()).toBeUndefined();
  expect(findings()).toContain('ISTH1411 IngressBackend/in');
  remove(deny('shop'));
  expect(ingressOf()).toBeDefined();
});
