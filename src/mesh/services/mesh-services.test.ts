import { describe, expect, it } from 'vitest';
import type { AnyResource } from '../../resources/kinds.ts';
import { kubernetesService, serviceEntry, testMesh } from '../mesh-fixture.ts';

const lease = { key: 'shop/x.example', ipv4: '240.241.0.1', ipv6: '2001:2:1::1', since: 0 } as const;

describe('the addresses of a service', () => {
  it('are the leased pair while the lease is bound', () => {
    const { mesh, set, leases } = testMesh();
    const addresses = () => mesh.meshServices.get('shop/x.example')?.addresses;
    set(serviceEntry('shop/x', {}));
    expect(addresses()).toEqual([]);
    leases.set({ ...lease, state: 'bound' });
    expect(addresses()).toEqual(['240.241.0.1', '2001:2:1::1']);
    leases.set({ ...lease, state: 'tombstone' });
    expect(addresses()).toEqual([]);
  });

  it('are those that the user wrote, without ranges, and no leased one', () => {
    const { mesh, set, leases } = testMesh();
    leases.set({ ...lease, state: 'bound' });
    set(serviceEntry('shop/x', { addresses: ['10.9.0.0/16', '10.9.0.1', '10.9.0.2/32'] }));
    expect(mesh.meshServices.get('shop/x.example')?.addresses).toEqual(['10.9.0.1', '10.9.0.2']);
  });
});

describe('a virtual IP is claimed', () => {
  const claimed = (...resources: readonly AnyResource[]) => {
    const { mesh, set } = testMesh();
    set(...resources);
    return [...mesh.virtualIpClaims.keys()];
  };

  it('for each host of a ServiceEntry without addresses', () => {
    expect(claimed(serviceEntry('shop/x', { hosts: ['a', 'b'] }))).toEqual(['shop/a', 'shop/b']);
    expect(claimed(serviceEntry('shop/x', { resolution: 'DNS' }))).toEqual(['shop/x.example']);
  });

  it('for a Kubernetes Service that no API server gave an address', () => {
    expect(claimed(kubernetesService('shop/web', { clusterIPs: [] }))).toEqual(['shop/web.shop.svc.cluster.local']);
  });

  it('for no host that has an address, needs none, or is a pattern', () => {
    expect(
      claimed(
        serviceEntry('shop/a', { addresses: ['10.0.0.1'] }),
        serviceEntry('shop/b', { addresses: ['10.0.0.0/8'] }),
        serviceEntry('shop/c', { resolution: 'NONE' }),
        serviceEntry('shop/d', { hosts: ['*.example'] }),
        kubernetesService('shop/e'),
        kubernetesService('shop/f', { clusterIPs: ['None'] }),
        kubernetesService('shop/g', { type: 'ExternalName', clusterIPs: [], externalName: 'x.example' }),
      ),
    ).toEqual([]);
  });
});

describe('a written address', () => {
  it('is reserved, even if its declaration lost', () => {
    const { mesh, set } = testMesh();
    set(
      serviceEntry('shop/a', { hosts: ['h'], addresses: ['10.0.0.1'] }),
      serviceEntry('shop/b', { hosts: ['h'], addresses: ['10.0.0.2', '10.8.0.0/16'] }),
      kubernetesService('shop/e', { clusterIPs: ['10.0.0.3'] }),
    );
    expect([...mesh.reservedAddresses.values()].map(({ address, services }) => [address, services])).toEqual(
      expect.arrayContaining([
        ['10.0.0.1', ['shop/h']],
        ['10.0.0.2', ['shop/h']],
        ['10.8.0.0/16', ['shop/h']],
        ['10.0.0.3', ['shop/e.shop.svc.cluster.local']],
      ]),
    );
  });

  it('is kept from others where Istio gave it to a host, which is not served at it', () => {
    const { mesh, set, findings } = testMesh();
    const allocated = [{ address: '240.241.0.9' }];
    set(serviceEntry('shop/a', { allocated }), serviceEntry('shop/b', { allocated }));
    expect(mesh.reservedAddresses.get('240.241.0.9')).toMatchObject({
      services: ['shop/a.example', 'shop/b.example'],
      shared: [],
      displaced: [],
    });
    expect(mesh.meshServices.get('shop/a.example')?.addresses).toEqual([]);
    expect(mesh.virtualIpClaims.has('shop/a.example')).toBe(true);
    expect(findings()).toEqual([]);
  });

  it('may be shared by hosts of different ports; those of one port are told', () => {
    const { mesh, set, findings } = testMesh();
    const entry = (name: string, number: number) =>
      serviceEntry(`shop/${name}`, { addresses: ['10.0.0.1'], ports: [{ number, name: 'tcp' }] });
    set(entry('a', 80), entry('b', 81));
    expect(findings()).toEqual([]);
    set(entry('c', 80));
    expect(findings()).toEqual(['ISTH0313 ServiceEntry/c spec.addresses']);
    expect(mesh.reservedAddresses.get('10.0.0.1')?.services).toHaveLength(3);
    expect(mesh.meshServices.get('shop/a.example')?.addresses).toEqual(['10.0.0.1']);
    expect(mesh.meshServices.get('shop/c.example')?.addresses).toEqual([]);
  });

  it('is one, however it is written: two hosts do not get it, nor one beside the host that it is leased to', () => {
    const { mesh, set, leases, findings } = testMesh();
    const addresses = (name: string) => mesh.meshServices.get(`shop/${name}.example`)?.addresses;
    set(
      serviceEntry('shop/a', { addresses: ['2001:db8::5'] }),
      serviceEntry('shop/b', { addresses: ['2001:DB8:0::5/128'] }),
    );
    expect([addresses('a'), addresses('b')]).toEqual([['2001:db8::5'], []]);
    expect(findings()).toEqual(['ISTH0313 ServiceEntry/b spec.addresses']);
    leases.set({ ...lease, state: 'bound' });
    set(serviceEntry('shop/x', {}), serviceEntry('shop/y', { addresses: ['2001:2:1:0:0:0:0:1'] }));
    expect([addresses('x'), addresses('y')]).toEqual([['240.241.0.1', '2001:2:1::1'], []]);
  });

  it('may be shared at a port of TLS by hosts of different names, and by nothing else', () => {
    const { mesh, set, findings } = testMesh();
    const entry = (name: string, protocol: string, rest = {}) =>
      serviceEntry(`shop/${name}`, { addresses: ['10.0.0.1'], ports: [{ number: 443, name: 'p', protocol }], ...rest });
    set(entry('a', 'TLS'), entry('b', 'HTTPS', { hosts: ['b.example', '*.b.example'] }));
    expect(findings()).toEqual([]);
    expect(mesh.reservedAddresses.get('10.0.0.1')?.shared).toEqual([
      { number: 443, services: ['shop/a.example', 'shop/*.b.example', 'shop/b.example'] },
    ]);
    expect(mesh.meshServices.get('shop/b.example')).toMatchObject({
      addresses: ['10.0.0.1'],
      sharedAt: [{ address: '10.0.0.1', port: 443 }],
    });
    set(entry('c', 'TCP'), entry('d', 'TLS', { hosts: ['a.example'] }), entry('e', 'TLS', { hosts: ['*'] }));
    expect(findings().filter((one) => one.startsWith('ISTH0313'))).toEqual([
      'ISTH0313 ServiceEntry/c spec.addresses',
      'ISTH0313 ServiceEntry/e spec.addresses',
    ]);
    expect(mesh.meshServices.get('shop/c.example')?.addresses).toEqual([]);
    expect(mesh.meshServices.get('shop/a.example')?.sharedAt).toHaveLength(1);
  });

  it('is nobody but the first of those whose port of TLS has one name, or that comes after plain TCP', () => {
    const { mesh, set, findings } = testMesh();
    const entry = (key: `${string}/${string}`, protocol: string, address = '10.0.0.1') =>
      serviceEntry(key, {
        hosts: [`${key.slice(-1)}.example`],
        addresses: [address],
        ports: [{ number: 443, name: 'p', protocol }],
      });
    set(entry('shop/a', 'TLS'), entry('web/a', 'TLS'));
    expect(findings()).toContain('ISTH0313 ServiceEntry/a spec.addresses');
    expect(mesh.meshServices.get('web/a.example')?.addresses).toEqual([]);
    set(entry('shop/c', 'TCP', '10.0.0.2'), entry('shop/d', 'TLS', '10.0.0.2'));
    expect(mesh.meshServices.get('shop/d.example')).toMatchObject({ addresses: [] });
    expect(mesh.meshServices.get('shop/c.example')).not.toHaveProperty('sharedAt');
  });

  it('that is leased to another host is not served: what callers use already does not move', () => {
    const { engine, mesh, leases, set } = testMesh();
    set(serviceEntry('shop/orders', {}));
    const lease = { key: 'shop/orders.example', ipv4: '240.241.0.9', state: 'bound', since: 0 } as const;
    engine.batch(() => leases.set(lease));
    set(serviceEntry('evil/a', { addresses: ['240.241.0.9'] }));
    expect(mesh.meshServices.get('shop/orders.example')?.addresses).toEqual(['240.241.0.9']);
    expect(mesh.meshServices.get('evil/a.example')?.addresses).toEqual([]);
    engine.batch(() => leases.set({ ...lease, state: 'tombstone' }));
    expect(mesh.meshServices.get('evil/a.example')?.addresses).toEqual(['240.241.0.9']);
  });
});
