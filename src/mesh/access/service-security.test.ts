import { expect, it } from 'vitest';
import type { AnyResource } from '../../resources/kinds.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { meshConfig, serviceEntry, testMesh } from '../mesh-fixture.ts';
import { account, routeGroup, tcpRoute, trafficTarget } from './access-fixture.ts';

const id = (name: string) => `spiffe://cluster.local/ns/shop/sa/${name}`;
const enforced = meshConfig('/mesh', { access: { mode: 'Enforced' } });
const orders = serviceEntry('shop/orders', {
  hosts: ['orders.mesh'],
  ports: [{ number: 80, name: 'http-web' }],
  endpoints: [
    { address: '10.0.0.1', serviceAccount: 'new' },
    { address: '10.0.0.2', serviceAccount: 'old' },
  ],
});
const key = 'shop/orders.mesh';
const tcp = { kind: 'TCPRoute', name: 'all' } as const;
const mayCall = (destination: string, ...sources: readonly string[]) =>
  trafficTarget(`shop/${destination}`, [tcp], { sources: sources.map((source) => account(`shop/${source}`)) });

function meshOf(...resources: readonly AnyResource[]) {
  const test = testMesh();
  test.set(tcpRoute('shop/all'), routeGroup('shop/group'), ...resources);
  return { ...test, security: () => test.mesh.meshServices.get(key)?.security };
}

it('a service has the identities of all its endpoints, and the callers of any of them', () => {
  const { security } = meshOf(enforced, orders, mayCall('new', 'a', 'b'), mayCall('old', 'b', 'c'));
  expect(security()).toEqual({ key, identities: [id('new'), id('old')], callers: [id('a'), id('b'), id('c')] });
});

it('whom an AuthorizationPolicy of the namespace or of a root namespace allows to call, is told of the service', () => {
  const policy = (namespace: string, spec: object): AnyResource => {
    const { resource } = createResourceReader().read({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'allow', namespace },
      spec,
    });
    if (resource === undefined) throw new RangeError('it cannot be read');
    return resource;
  };
  const from = (name: string) => ({
    rules: [{ from: [{ source: { principals: [`cluster.local/ns/shop/sa/${name}`] } }] }],
  });
  const { security, set } = meshOf(enforced, orders, mayCall('new', 'a'), policy('shop', from('z')));
  expect(security()).toMatchObject({ callers: [id('a'), id('z')] });
  set(policy('istio-system', from('y')), policy('pay', from('x')));
  expect(security()).toMatchObject({ callers: [id('a'), id('y'), id('z')] });
  set(policy('shop', { rules: [{}] }));
  expect(security()).toMatchObject({ callers: 'any' });
  set(policy('shop', { action: 'DENY', rules: [{}] }));
  expect(security()).toMatchObject({ callers: [id('a'), id('y')] });
});

it('a service that no policy speaks of is called by nobody', () => {
  expect(meshOf(enforced, orders).security()).toMatchObject({ callers: [] });
});

it('everybody may call, by a certificate, where access is permissive; and nobody is asked where it is disabled', () => {
  const { security, set } = meshOf(meshConfig('/mesh', { access: { mode: 'Permissive' } }), orders);
  expect(security()).toMatchObject({ identities: [id('new'), id('old')], callers: 'any' });
  set(meshConfig('/mesh', { access: { mode: 'Disabled' } }));
  expect(security()).toBeUndefined();
});

it('plaintext is spoken with what lies outside of the mesh', () => {
  const outside = { ...orders, spec: { ...orders.spec, location: 'MESH_EXTERNAL' } } as const;
  expect(meshOf(enforced, outside).security()).toBeUndefined();
});

it('an endpoint that names no service account is told of, once for the service', () => {
  const nameless = {
    ...orders,
    spec: { ...orders.spec, endpoints: [{ address: '10.0.0.3' }, { address: '10.0.0.4' }] },
  };
  const { security, findings } = meshOf(enforced, nameless);
  expect(security()).toMatchObject({ identities: [] });
  expect(findings().filter((one) => one.startsWith('ISTH1320'))).toHaveLength(1);
});

it('an endpoint that comes or goes changes nothing as long as the identities are the same', () => {
  const { mesh, set, engine } = meshOf(enforced, orders, mayCall('new', 'a'));
  const changes: unknown[] = [];
  engine.sink(mesh.meshServices, (diff) => changes.push(...diff));
  changes.length = 0;
  const more = [...(orders.spec.endpoints ?? []), { address: '10.0.0.9', serviceAccount: 'old' }];
  set({ ...orders, spec: { ...orders.spec, endpoints: more } });
  expect(changes).toEqual([]);
});

it('what an inbound port demands are the rules for the workload that stands there', () => {
  const { mesh, set } = meshOf(enforced, orders, mayCall('new', 'a'));
  const guards = () =>
    [...mesh.inboundPorts.values()].map(({ address, guard }) => [address, guard?.identity, guard?.rules?.length]);
  expect(guards().toSorted()).toEqual([
    ['10.0.0.1', id('new'), 1],
    ['10.0.0.2', id('old'), 0],
  ]);
  set(meshConfig('/mesh', { access: { mode: 'Permissive' } }));
  expect(guards().toSorted()).toEqual([
    ['10.0.0.1', id('new'), undefined],
    ['10.0.0.2', id('old'), undefined],
  ]);
});
