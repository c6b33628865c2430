import { describe, expect, it } from 'vitest';
import type { RegistryPublishSpec } from '../../resources/kinds.ts';
import { serviceEntry } from '../mesh-fixture.ts';
import { instance, meshOf, registered, registry } from './registry-fixture.ts';

const publish: RegistryPublishSpec = {
  hosts: ['*.shop'],
  namespaces: [],
  labels: {},
  into: 'Mesh',
  name: '{host}',
  publisher: 'isthmus',
  ttl: 5_000,
};

const entry = (id: string, host: string, spec: Parameters<typeof serviceEntry>[1] = {}, labels = {}) =>
  serviceEntry(
    id,
    {
      hosts: [host],
      ports: [{ number: 80, name: 'http' }],
      endpoints: [{ address: '10.0.0.1', ports: { http: 8080 }, labels: { version: 'v1' }, locality: 'south/z1' }],
      ...spec,
    },
    { labels },
  );

function publishing(changed: Partial<RegistryPublishSpec> = {}) {
  const test = meshOf(registry('polaris', {}, { publish: { ...publish, ...changed } }));
  const names = () => [...test.mesh.publications.values()].map(({ namespace, name }) => `${namespace}/${name}`).sort();
  const addresses = () =>
    [...test.mesh.publications.values()].flatMap(({ instances }) =>
      instances.map((one) => `${one.address}:${one.port}`),
    );
  return { ...test, names, addresses };
}

describe('what is registered elsewhere', () => {
  it('is what is selected, with its endpoints', () => {
    const test = publishing();
    test.set(entry('shop/pay', 'pay.shop'), entry('shop/other', 'other.bank'));
    expect([...test.mesh.publications.values()]).toEqual([
      {
        key: 'polaris/Mesh/pay.shop',
        registry: 'polaris',
        namespace: 'Mesh',
        name: 'pay.shop',
        service: 'shop/pay.shop',
        instances: [
          {
            address: '10.0.0.1',
            port: 8080,
            protocol: 'http',
            weight: 1,
            labels: { version: 'v1' },
            locality: { region: 'south', zone: 'z1', subzone: '' },
          },
        ],
      },
    ]);
  });

  it('is selected by host, namespace and labels together', () => {
    const test = publishing({ hosts: [], namespaces: ['shop'], labels: { published: 'yes' } });
    test.set(
      entry('shop/a', 'a.shop', {}, { published: 'yes' }),
      entry('shop/b', 'b.shop', {}, { published: 'no' }),
      entry('bank/c', 'c.shop', {}, { published: 'yes' }),
    );
    expect(test.names()).toEqual(['Mesh/a.shop']);
  });

  it('is nothing without publish, nothing that not everybody may see, and nothing without an address', () => {
    const off = meshOf(registry('polaris'));
    off.set(entry('shop/pay', 'pay.shop'));
    expect(off.mesh.publications.size).toBe(0);
    const test = publishing();
    test.set(
      entry('shop/a', 'a.shop', { exportTo: ['.'] }),
      entry('shop/b', 'b.shop', { endpoints: [] }),
      entry('shop/c', 'c.shop', { endpoints: [{ address: 'unix:///run/c' }] }),
      entry('shop/d', '*.d.shop', { resolution: 'DNS', endpoints: [{ address: 'd.example' }] }),
    );
    expect(test.names()).toEqual([]);
  });

  it('is never what a registry of Polaris gave, but what others gave', () => {
    const test = publishing();
    test.set(registry('second', { host: '{service}.shop', namespace: 'shop' }));
    test.register(registered('pay', [instance('a', '10.0.0.7')], { registry: 'second' }));
    expect(test.names()).toEqual([]);
    test.set(entry('shop/pay', 'pay.shop', { ports: [{ number: 8081, name: 'http' }] }));
    expect(test.endpoints('shop/pay.shop')).toHaveLength(2);
    expect(test.addresses()).toEqual(['10.0.0.1:8080']);
    test.set(registry('second', { host: '{service}.shop', namespace: 'shop' }, { type: 'Consul' }));
    expect(test.addresses()).toEqual(['10.0.0.1:8080', '10.0.0.7:8081']);
  });

  it('of two services with one name is the first, and the other is told; nor is a name too long', () => {
    const test = publishing({ name: '{name}' });
    test.set(entry('shop/pay', 'pay.b.shop'), entry('bank/pay', 'pay.a.shop'));
    expect([...test.mesh.publications.values()].map(({ service }) => service)).toEqual(['bank/pay.a.shop']);
    expect(test.findings()).toEqual(['ISTH1013 ServiceRegistry/polaris spec.publish.name']);
    const long = publishing();
    long.set(entry('shop/long', `${`${'x'.repeat(60)}.`.repeat(3)}shop`));
    expect(long.names()).toEqual([]);
    expect(long.findings()).toEqual(['ISTH1013 ServiceRegistry/polaris spec.publish.name']);
  });
});
