import { describe, expect, it } from 'vitest';
import { kubernetesService, serviceEntry } from '../mesh-fixture.ts';
import { instance, meshOf, place, registered, registry } from './registry-fixture.ts';

/** The worked example of the reference: 6.2. */
const orderService = registered('order_svc', [
  instance('a', '10.1.0.1', { locality: place('south/z1/c1'), metadata: { version: 'v1' } }),
  instance('b', '10.1.0.2', { weight: 0, locality: place('south/z1/c2'), metadata: { version: 'v1' } }),
  instance('c', '10.1.0.3', { weight: 50, health: 'down', locality: place('south/z2/c1') }),
  instance('d', '10.1.0.4', {
    weight: 50,
    ports: [{ name: '', number: 8082, protocol: 'grpc' }],
    locality: place('south/z2/c1'),
    metadata: { version: 'v2', owner: 'not a label!' },
  }),
]);
const orderKey = 'polaris/order-svc.production.polaris.mesh';

describe('a registered service', () => {
  it('has a folded host, one port that keeps its number, and the endpoints that take requests', () => {
    const { mesh, hosts, endpoints, findings } = meshOf(registry('polaris'), orderService);
    expect(hosts()).toEqual(['order-svc.production.polaris.mesh']);
    expect(mesh.services.get(orderKey)).toMatchObject({
      namespace: 'polaris',
      ports: [{ number: 8081, name: 'grpc-8081', protocol: { kind: 'plain', protocol: 'grpc' }, targetPort: 8081 }],
      resolution: 'static',
      location: 'mesh-external',
      provenance: { source: 'registry', registry: 'polaris' },
    });
    expect(endpoints(orderKey)).toEqual(['10.1.0.1:8081 x2 south/z1/c1', '10.1.0.4:8082 x1 south/z2/c1']);
    expect(
      mesh.groupsByService.lookup(orderKey).flatMap((group) => group.endpoints.map(({ labels }) => labels)),
    ).toEqual([{ version: 'v1' }, { version: 'v2' }]);
    expect(mesh.virtualIpClaims.has(orderKey)).toBe(true);
    expect(findings()).toEqual([]);
  });

  it('whose instances are all unhealthy sends to all of them or to none, as is written; never to those taken out', () => {
    const down = registered('s', [
      instance('a', '10.0.0.1', { health: 'down' }),
      instance('b', '10.0.0.2', { health: 'down', isolated: true }),
      instance('c', '10.0.0.3', { health: 'draining' }),
    ]);
    const key = 'polaris/s.production.polaris.mesh';
    const safety = { ...registry('polaris').spec.safety, whenAllUnhealthy: 'Empty' } as const;
    const keeping = meshOf(registry('polaris'), down);
    expect(keeping.endpoints(key)).toEqual(['10.0.0.1:8081 x1 //']);
    expect(keeping.findings()).toEqual(['ISTH1008 ServiceRegistry/polaris']);
    const emptying = meshOf(registry('polaris', {}, { safety }), down);
    expect(emptying.endpoints(key)).toEqual([]);
    expect(emptying.hosts()).toHaveLength(1);
  });

  it.each([
    ['dubbo', {}, 'tcp-dubbo-8081', { kind: 'native', protocol: 'dubbo' }],
    [
      'order-rpc',
      { 'order-rpc': 'metaprotocol-order' },
      'tcp-metaprotocol-order-8081',
      { kind: 'metaprotocol', application: 'order' },
    ],
    ['HTTP', {}, 'http-8081', { kind: 'plain', protocol: 'http' }],
    ['', {}, 'tcp-8081', { kind: 'plain', protocol: 'tcp' }],
    ['we ird', {}, 'tcp-8081', { kind: 'plain', protocol: 'tcp' }],
    ['x', { '*': 'http2' }, 'http2-8081', { kind: 'plain', protocol: 'http2' }],
    ['__proto__', {}, 'tcp-8081', { kind: 'plain', protocol: 'tcp' }],
  ])('of protocol %j with the map %j has the port %s', (protocol, protocols, name, expected) => {
    const firstPorts = Object.fromEntries([[protocol, { number: 8081, protocol }]]);
    const { mesh } = meshOf(registry('polaris', { protocols }), registered('s', [], { firstPorts }));
    expect(mesh.services.get('polaris/s.production.polaris.mesh')?.ports).toMatchObject([{ name, protocol: expected }]);
  });

  it('with two protocols has two ports, and no endpoint at a port that it does not serve', () => {
    const http = [{ name: '', number: 80, protocol: 'http' }];
    const service = registered('s', [instance('a', '10.0.0.1'), instance('b', '10.0.0.2', { ports: http })], {
      firstPorts: { grpc: { number: 8081, protocol: 'grpc' }, http: { number: 80, protocol: 'http' } },
    });
    const { mesh, endpoints } = meshOf(registry('polaris'), service);
    const key = 'polaris/s.production.polaris.mesh';
    expect(mesh.services.get(key)?.ports.map(({ name }) => name)).toEqual(['http-80', 'grpc-8081']);
    expect(endpoints(key)).toEqual(['10.0.0.1:8081 x1 //', '10.0.0.2:80 x1 //']);
  });

  it('whose instance serves none of its protocols leaves it out, and that is told', () => {
    const quic = [{ name: '', number: 81, protocol: 'quic' }];
    const { endpoints, findings } = meshOf(
      registry('polaris'),
      registered('s', [instance('a', '10.0.0.1'), instance('b', '10.0.0.2', { ports: quic })]),
    );
    expect(endpoints('polaris/s.production.polaris.mesh')).toEqual(['10.0.0.1:8081 x1 //']);
    expect(findings()).toEqual(['ISTH1009 ServiceRegistry/polaris']);
  });
});

describe('hosts of registered services', () => {
  it('that fold to one name are told apart for ever: the first seen has it, the others bear a suffix', () => {
    const test = meshOf(registry('polaris'), registered('a_b', [], { since: 5 }));
    const host = 'a-b.production.polaris.mesh';
    expect(test.hosts()).toEqual([host]);
    test.register(registered('A:B', [], { since: 7 }), registered('a.b', [], { since: 9 }));
    const hosts = test.hosts();
    expect(hosts).toContain(host);
    expect(hosts).toContain('a.b.production.polaris.mesh');
    expect(hosts.find((one) => /^a-b-[0-9a-f]{8}\./.test(one))).toBeDefined();
    expect(test.findings()).toEqual(['ISTH1007 ServiceRegistry/polaris']);
  });

  it('cannot be had by who registers under the very name that another bears with a suffix', () => {
    const test = meshOf(registry('polaris'), registered('a_b', [], { since: 5 }), registered('A:B', [], { since: 7 }));
    const suffixed = test.hosts().find((one) => /^a-b-[0-9a-f]{8}\./.test(one)) ?? '';
    const name = suffixed.slice(0, suffixed.indexOf('.'));
    const intruder = registered(name, [instance('x', '10.6.6.6')], { since: 9 });
    test.register(intruder);
    expect(test.endpoints(`polaris/${suffixed}`)).toEqual([]);
    expect(test.findings()).toEqual(['ISTH1007 ServiceRegistry/polaris', 'ISTH1007 ServiceRegistry/polaris']);
    // Who was there before them keeps what is his.
    const early = meshOf(registry('polaris'), { ...intruder, since: 1 });
    early.register(registered('a_b', [], { since: 5 }), registered('A:B', [instance('y', '10.0.0.7')], { since: 7 }));
    expect(early.endpoints(`polaris/${suffixed}`)).toEqual([expect.stringMatching(/^10\.6\.6\.6:/)]);
  });

  it.each([
    ['{service}.corp.mesh', { namespace: 'Production', group: 'g', name: 'Order.Svc' }, 'order.svc.corp.mesh'],
    ['{service}.{group}.{namespace}.mesh', { namespace: 'n', group: '', name: 's' }, 's.n.mesh'],
    ['{service}-{group}.mesh', { namespace: '', group: 'DEFAULT_GROUP', name: 's' }, 's-default-group.mesh'],
    ['{service}.mesh', { namespace: '', group: '', name: 'com.acme.Api:1.0:blue' }, 'com.acme.api-1.0-blue.mesh'],
    ['{service}.mesh', { namespace: '', group: '', name: '{namespace}$&' }, 'namespace.mesh'],
    ['{service}.mesh', { namespace: '', group: '', name: '订单' }, '18b9e550.mesh'],
  ])('by the template %s', (host, name, expected) => {
    const { hosts } = meshOf(registry('polaris', { host }), registered('', [], name));
    expect(hosts()).toEqual([expected]);
  });

  it('stay within what a name may be, and apart', () => {
    const long = (last: string) => registered(`${'x'.repeat(300)}${last}`, []);
    const { hosts } = meshOf(registry('polaris'), long('1'), long('2'));
    expect(new Set(hosts()).size).toBe(2);
    for (const host of hosts()) {
      expect(host.length).toBeLessThanOrEqual(253);
      for (const label of host.split('.')) expect(label.length).toBeLessThanOrEqual(63);
    }
  });

  it('outside of what the registry is trusted with are refused', () => {
    const trust = { ...registry('polaris').spec.trust, hostSuffixes: ['corp.mesh'] };
    const { hosts, findings } = meshOf(registry('polaris', {}, { trust }), orderService);
    expect(hosts()).toEqual([]);
    expect(findings()).toEqual(['ISTH1006 ServiceRegistry/polaris spec.trust.hostSuffixes']);
  });
});

describe('one host from several sources', () => {
  const mapping = { host: '{service}.shop.svc.cluster.local', namespace: 'shop' };

  it('of Kubernetes gets no endpoint of a registry that is not trusted with its name', () => {
    for (const hostSuffixes of [[], ['corp.mesh'], ['local'], ['cluster.local']]) {
      const trust = { ...registry('polaris').spec.trust, hostSuffixes };
      const test = meshOf(registry('polaris', mapping, { trust }), registered('pay', [instance('a', '10.0.0.1')]));
      test.set(kubernetesService('shop/pay', { ports: [{ name: 'grpc', port: 8081, protocol: 'TCP' }] }));
      expect(test.endpoints('shop/pay.shop.svc.cluster.local')).toEqual([]);
      expect(test.findings()).toEqual(['ISTH1006 ServiceRegistry/polaris spec.trust.hostSuffixes']);
    }
  });

  it('is what Kubernetes says, and has the endpoints of all that are trusted with its name', () => {
    const trust = { ...registry('polaris').spec.trust, hostSuffixes: ['svc.cluster.local'] };
    const test = meshOf(
      registry('polaris', mapping, { trust }),
      registered('pay', [instance('a', '10.0.0.1', { ports: [{ name: '', number: 9000, protocol: 'tcp' }] })], {
        firstPorts: { tcp: { number: 9000, protocol: 'tcp' } },
      }),
    );
    test.set(kubernetesService('shop/pay'));
    const key = 'shop/pay.shop.svc.cluster.local';
    expect(test.mesh.services.get(key)?.provenance.source).toBe('kubernetes');
    expect(test.endpoints(key)).toEqual(['10.0.0.1:9000 x1 //']);
  });

  it('comes first where it is written by hand, then from the registry of the smaller priority', () => {
    const shared = { host: '{service}.mesh', namespace: 'shared' };
    const test = meshOf(
      registry('late', shared, { priority: 200 }),
      registered('s', [instance('a', '10.0.0.1')], { registry: 'late' }),
    );
    test.set(registry('early', { ...shared, location: 'MESH_INTERNAL' }, { priority: 50 }));
    test.register(registered('s', [instance('b', '10.0.0.2')], { registry: 'early' }));
    expect(test.mesh.services.get('shared/s.mesh')).toMatchObject({
      location: 'mesh-internal',
      provenance: { registry: 'early' },
    });
    expect(test.endpoints('shared/s.mesh')).toEqual(['10.0.0.1:8081 x1 //', '10.0.0.2:8081 x1 //']);
    test.set(serviceEntry('shared/s', { hosts: ['s.mesh'], ports: [{ number: 8081, name: 'grpc-8081' }] }));
    expect(test.mesh.services.get('shared/s.mesh')?.provenance.source).toBe('service-entry');
  });

  it('that another bridge wrote is of the registry that takes its place, and keeps the address that its callers know', () => {
    const mapping = { host: '{service}.mesh', namespace: 'shop' };
    const test = meshOf(registry('polaris', mapping), registered('s', [instance('a', '10.0.0.1')]));
    const spec = {
      hosts: ['s.mesh'],
      addresses: ['240.240.0.2'],
      ports: [{ number: 8081, name: 'grpc-8081' }],
      endpoints: [{ address: '10.0.0.1', ports: {} }],
    };
    const entry = (labels: Readonly<Record<string, string>>) => serviceEntry('shop/s', spec, { labels });
    test.set(entry({ manager: 'aeraki', registry: 'dubbo2istio' }));
    expect(test.mesh.services.get('shop/s.mesh')).toMatchObject({
      addresses: ['240.240.0.2'],
      provenance: { source: 'registry', registry: 'polaris' },
    });
    expect(test.endpoints('shop/s.mesh')).toEqual([expect.stringContaining('10.0.0.1:8081')]);
    // What a person wrote is that person's.
    for (const labels of [{}, { manager: 'aeraki', registry: 'polaris' }]) {
      test.set(entry(labels));
      expect(test.mesh.services.get('shop/s.mesh')?.provenance.source).toBe('service-entry');
    }
  });
});
