import { describe, expect, it } from 'vitest';
import { endpoint, group, HOST, meshService, plain, servicePort } from '../translation-fixture.ts';
import { translateServiceEntry } from './service-entries.ts';

describe('a ServiceEntry', () => {
  it('has the virtual addresses of the service, and its endpoints', () => {
    const service = meshService({ addresses: ['240.241.0.7', '2001:2:1::7'] });
    const places = [
      group(
        'r/z',
        endpoint('10.0.0.1', {
          port: 9000,
          weight: 3,
          labels: { version: 'v1' },
          network: 'n',
          identity: 'spiffe://cluster.local/ns/shop/sa/orders',
        }),
        endpoint('10.0.0.2', { health: 'draining' }),
      ),
      group('', endpoint('10.0.0.3')),
    ];
    expect(translateServiceEntry(service, places)).toEqual({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: HOST, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'isthmus' } },
      spec: {
        hosts: [HOST],
        addresses: ['240.241.0.7', '2001:2:1::7'],
        ports: [{ number: 9090, name: 'tcp-metaprotocol-thrift', protocol: 'TCP' }],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        endpoints: [
          { address: '10.0.0.3' },
          {
            address: '10.0.0.1',
            ports: { 'tcp-metaprotocol-thrift': 9000 },
            labels: { version: 'v1' },
            network: 'n',
            locality: 'r/z',
            weight: 3,
            serviceAccount: 'orders',
          },
        ],
      },
    });
  });

  it('lists a workload once for all of its ports', () => {
    const ports = [
      { port: servicePort(plain('tcp'), { name: 'a', targetPort: 1 }) },
      { port: servicePort(plain('grpc'), { name: 'b', number: 9091, targetPort: 2 }) },
    ];
    const second = { ...group('', endpoint('10.0.0.1', { port: 77 })), key: 'z', port: 9091 };
    const { spec } = translateServiceEntry(meshService({ ports }), [
      group('', endpoint('10.0.0.1', { port: 1 })),
      second,
    ]);
    expect(spec.endpoints).toEqual([{ address: '10.0.0.1', ports: { b: 77 } }]);
    expect(spec.ports).toEqual([
      { number: 9090, name: 'a', protocol: 'TCP', targetPort: 1 },
      { number: 9091, name: 'b', protocol: 'GRPC', targetPort: 2 },
    ]);
  });

  it.each([
    [{ kind: 'public' } as const, undefined],
    [{ kind: 'namespaces', namespaces: ['pay', 'shop'] } as const, ['pay', '.']],
    [{ kind: 'namespaces', namespaces: [] } as const, ['~']],
  ])('is exported as %j says', (visibility, exportTo) => {
    expect(translateServiceEntry(meshService({ service: { visibility } }), []).spec.exportTo).toEqual(exportTo);
  });

  it('has a name that Kubernetes takes, different for different hosts', () => {
    const nameOf = (host: string) => translateServiceEntry(meshService({ service: { host } }), []).metadata.name;
    const names = ['*.example.com', 'A_B.example', 'a-b.example', `${'a'.repeat(300)}.example`, '*'].map(nameOf);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/);
  });
});
