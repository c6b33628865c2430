import { describe, expect, it } from 'vitest';
import type { RegistryType, ServiceRegistry } from '../../resources/kinds.ts';
import { instance, meshOf, registered, registry } from './registry-fixture.ts';

const of = (type: RegistryType, spec: Partial<ServiceRegistry['spec']> = {}) =>
  registry('other', {}, { type, ...spec });
const bearing = (metadata: Record<string, string>, firstNames = {}) =>
  registered('Pay', [instance('a', '10.0.0.1', { metadata })], { registry: 'other', firstNames });
const byTemplate = 'pay.production.other.mesh';

describe("eureka2istio's metadata", () => {
  const asked = bearing({}, { 'asm-serviceentry': 'Pay.corp.mesh' });
  const trust = (...hostSuffixes: string[]) => ({ trust: { ...registry('x').spec.trust, hostSuffixes } });

  it('name the host, within the suffixes that are trusted', () => {
    const test = meshOf(of('Eureka', trust('corp.mesh')), asked);
    expect(test.hosts()).toEqual(['pay.corp.mesh']);
    expect(test.findings()).toEqual([]);
  });

  it.each([
    ['the registry is trusted with no suffix', of('Eureka'), asked, 'ISTH1006'],
    [
      'it is no host',
      of('Eureka', trust('other.mesh')),
      bearing({}, { 'asm-serviceentry': '*.other.mesh' }),
      'ISTH1006',
    ],
    ['another is trusted', of('Eureka', trust('other.mesh')), asked, 'ISTH1006'],
    ['it is no Eureka', of('Consul'), asked, undefined],
    ['the ServiceRegistry says so', registry('other', { compatibility: false }, { type: 'Eureka' }), asked, undefined],
  ])('name nothing where %s', (_, one, service, code) => {
    const test = meshOf(one, service);
    expect(test.hosts()).toEqual([byTemplate]);
    expect(test.findings().map((text) => text.split(' ')[0])).toEqual(code === undefined ? [] : [code]);
  });
});

describe("consul2istio's metadata", () => {
  it('say that a service is outside of the mesh', () => {
    const inside = { type: 'Consul' } as const;
    const test = meshOf(registry('other', { location: 'MESH_INTERNAL' }, inside), bearing({ external: 'true' }));
    expect(test.mesh.services.get(`other/${byTemplate}`)?.location).toBe('mesh-external');
    test.register(bearing({ external: '' }));
    expect(test.mesh.services.get(`other/${byTemplate}`)?.location).toBe('mesh-internal');
  });
});

describe("dubbo2istio's metadata", () => {
  const metadata = {
    aeraki_meta_app_namespace: 'shop',
    aeraki_meta_app_service_account: 'payer',
    aeraki_meta_app_version: 'v2',
    aeraki_meta_locality: 'south/z1/c1',
  };
  const asked = bearing(metadata, { aeraki_meta_app_namespace: 'shop' });
  const endpointsOf = (test: ReturnType<typeof meshOf>, key: string) =>
    test.mesh.groupsByService.lookup(key).map(({ locality, endpoints }) => ({ locality, ...endpoints[0] }));

  it.each<RegistryType>(['ZooKeeper', 'Etcd', 'Nacos', 'Snapshot'])(
    'name the namespace, the identity, the version and the locality, in %s',
    (type) => {
      const [endpoint] = endpointsOf(meshOf(of(type), asked), `shop/${byTemplate}`);
      expect(endpoint).toMatchObject({
        identity: 'spiffe://cluster.local/ns/shop/sa/payer',
        tlsMode: 'istio',
        labels: { version: 'v2' },
        locality: { region: 'south', zone: 'z1', subzone: 'c1' },
      });
    },
  );

  it('count nowhere else, and less than what the registry says itself', () => {
    const [elsewhere] = endpointsOf(meshOf(of('Consul'), asked), `other/${byTemplate}`);
    expect(elsewhere).toMatchObject({ tlsMode: 'disabled', locality: { region: '' } });
    const locality = { region: 'north', zone: '', subzone: '' };
    const own = registered('Pay', [instance('a', '10.0.0.1', { metadata: { ...metadata, version: 'v1' }, locality })], {
      registry: 'other',
    });
    const [endpoint] = endpointsOf(meshOf(of('Etcd'), own), `other/${byTemplate}`);
    expect(endpoint).toMatchObject({ labels: { version: 'v1' }, locality });
  });

  it('of another form are nothing', () => {
    const odd = bearing(
      { aeraki_meta_app_service_account: '../x', aeraki_meta_app_version: 'no label!' },
      { aeraki_meta_app_namespace: 'No Namespace' },
    );
    const [endpoint] = endpointsOf(meshOf(of('Etcd'), odd), `other/${byTemplate}`);
    expect(endpoint?.tlsMode).toBe('disabled');
    expect(endpoint?.labels).not.toHaveProperty('version');
  });
});
