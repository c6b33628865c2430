import { describe, expect, it } from 'vitest';
import type { Metadata, ServiceEntry } from '../../resources/kinds.ts';
import { serviceEntry } from '../mesh-fixture.ts';
import { instance, meshOf, registered, registry } from './registry-fixture.ts';

const key = 'polaris/dev.order.polaris';
const orders = registered('order-svc', [instance('a', '10.0.0.1'), instance('b', '10.0.0.2', { health: 'down' })], {
  namespace: 'Test',
});

/** As the README of polaris2istio has it. */
function labelled(
  spec: Partial<ServiceEntry['spec']> = {},
  annotations: Readonly<Record<string, string>> = {},
  metadata: Partial<Metadata> = {},
): ServiceEntry {
  return serviceEntry(
    'polaris/order',
    { hosts: ['dev.order.polaris'], resolution: 'NONE', ports: [], ...spec },
    {
      labels: { manager: 'aeraki', registry: 'polaris' },
      annotations: {
        'aeraki.net/polarisNamespace': 'Test',
        'aeraki.net/polarisService': 'order-svc',
        ...annotations,
      },
      ...metadata,
    },
  );
}

describe('a ServiceEntry labelled for polaris2istio', () => {
  it('gets the healthy endpoints and the ports of the service that it names, and keeps its own host', () => {
    const test = meshOf(registry('polaris'), orders);
    test.set(labelled());
    expect(test.hosts()).toEqual(['dev.order.polaris', 'order-svc.test.polaris.mesh']);
    expect(test.mesh.services.get(key)).toMatchObject({
      ports: [{ number: 8081, name: 'grpc-8081' }],
      resolution: 'static',
      location: 'mesh-internal',
      provenance: { source: 'service-entry' },
    });
    expect(test.endpoints(key)).toEqual(['10.0.0.1:8081 x1 //']);
    expect(test.mesh.virtualIpClaims.has(key)).toBe(true);
    expect(test.findings()).toEqual([]);
  });

  it('follows what changes in the registry, and loses no port when all instances go', () => {
    const test = meshOf(registry('polaris'), orders);
    test.set(labelled());
    test.register({ ...orders, instances: [instance('c', '10.0.0.3')] });
    expect(test.endpoints(key)).toEqual(['10.0.0.3:8081 x1 //']);
    test.register({ ...orders, instances: [] });
    expect(test.endpoints(key)).toEqual([]);
    expect(test.mesh.services.get(key)).toMatchObject({ ports: [{ number: 8081 }], resolution: 'static' });
  });

  it('is outside of the mesh unless it says that it is not', () => {
    const test = meshOf(registry('polaris'), orders);
    for (const [external, location] of [
      ['true', 'mesh-external'],
      ['false', 'mesh-internal'],
    ] as const) {
      test.set(labelled({}, { 'aeraki.net/external': external }));
      expect(test.mesh.services.get(key)?.location).toBe(location);
    }
  });

  it('keeps the ports that it has, each with the endpoints of the port that is like it', () => {
    const two = {
      ...orders,
      instances: [
        instance('a', '10.0.0.1', {
          ports: [
            { name: '', number: 8081, protocol: 'grpc' },
            { name: '', number: 9090, protocol: 'http' },
          ],
        }),
      ],
      firstPorts: { grpc: { number: 8081, protocol: 'grpc' }, http: { number: 9090, protocol: 'http' } },
    };
    const test = meshOf(registry('polaris'), two);
    test.set(
      labelled({
        ports: [
          { number: 80, name: 'http' },
          { number: 81, name: 'web', targetPort: 8081 },
          { number: 82, name: 'tcp' },
        ],
      }),
    );
    const groups = test.mesh.groupsByService
      .lookup(key)
      .map(({ port, endpoints }) => [port, endpoints.map((one) => one.port)]);
    expect(groups).toEqual([
      [80, [9090]],
      [81, [8081]],
    ]);
  });

  it('has what it has written too, but not what polaris2istio filled in once', () => {
    const endpoints = [{ address: '10.9.9.9' }];
    const test = meshOf(registry('polaris'), orders);
    test.set(labelled({ endpoints, ports: [{ number: 8081, name: 'grpc' }] }));
    expect(test.endpoints(key)).toEqual(['10.0.0.1:8081 x1 //', '10.9.9.9:8081 x1 //']);
    test.set(labelled({ endpoints, ports: [{ number: 8081, name: 'grpc' }] }, { 'aeraki.net/revision': 'r' }));
    expect(test.endpoints(key)).toEqual(['10.0.0.1:8081 x1 //']);
  });

  it('that names what no registry has is reported, and keeps what it has', () => {
    const test = meshOf(registry('polaris'), orders);
    const endpoints = [{ address: '10.9.9.9' }];
    const other = { 'aeraki.net/polarisService': 'other', 'aeraki.net/revision': 'r' };
    test.set(labelled({ endpoints, ports: [{ number: 80, name: 'http' }] }, other));
    expect(test.findings()).toEqual(['ISTH1012 ServiceEntry/order metadata.annotations']);
    expect(test.endpoints(key)).toEqual(['10.9.9.9:80 x1 //']);
    test.set(labelled({}, {}, { annotations: {} }));
    expect(test.findings()).toEqual(['ISTH1012 ServiceEntry/order metadata.annotations']);
  });

  it('is left alone by registries that are of another type, or are told to', () => {
    const test = meshOf(registry('polaris', { compatibility: false }), orders);
    test.set(labelled());
    expect(test.endpoints(key)).toEqual([]);
    test.set(registry('polaris', {}, { type: 'Consul' }));
    expect(test.endpoints(key)).toEqual([]);
    test.set(registry('polaris'));
    expect(test.endpoints(key)).toEqual(['10.0.0.1:8081 x1 //']);
  });

  it('without the labels gets nothing', () => {
    const test = meshOf(registry('polaris'), orders);
    test.set(labelled({}, {}, { labels: { manager: 'aeraki', registry: 'consul' } }));
    expect(test.endpoints(key)).toEqual([]);
    expect(test.mesh.services.get(key)?.resolution).toBe('none');
  });
});
