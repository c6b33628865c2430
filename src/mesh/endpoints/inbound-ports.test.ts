import { describe, expect, it } from 'vitest';
import { meshConfig, metaRouter, serviceEntry, testMesh } from '../mesh-fixture.ts';

const endpoints = [{ address: '10.0.0.1' }, { address: 'unix:///run/x' }, { address: 'fd00::1' }];
const bucket = { maxTokens: 1, tokensPerFill: 1, fillInterval: 1 };

describe('the proxy beside a workload', () => {
  it('listens at each IP address and target port, with the codec and the limits of its service', () => {
    const { mesh, set } = testMesh();
    set(
      serviceEntry('shop/x', { ports: [{ number: 80, name: 'tcp-metaprotocol-thrift', targetPort: 8080 }], endpoints }),
      metaRouter('shop/x', { hosts: ['x.example'], localRateLimit: { tokenBucket: bucket } }),
    );
    expect([...mesh.inboundPorts.keys()].toSorted()).toEqual(['10.0.0.1|8080', 'fd00::1|8080']);
    expect(mesh.inboundPorts.get('10.0.0.1|8080')).toMatchObject({
      address: '10.0.0.1',
      targetPort: 8080,
      host: 'x.example',
      namespace: 'shop',
      port: { number: 80 },
      codec: { protocol: { name: 'thrift' } },
      localRateLimit: { bucket: { maxTokens: 1, tokensPerFill: 1, fillIntervalMs: 1 }, conditions: [] },
    });
  });

  it('listens for the first of several services that agree, without a finding', () => {
    const { mesh, set, remove, findings } = testMesh();
    const [a, b] = [serviceEntry('shop/a', { endpoints }), serviceEntry('shop/b', { endpoints })];
    set(b, a);
    expect(mesh.inboundPorts.get('10.0.0.1|9000')?.host).toBe('a.example');
    expect(findings()).toEqual([]);
    remove(a);
    expect(mesh.inboundPorts.get('10.0.0.1|9000')?.host).toBe('b.example');
  });

  it('does as the first says where they do not, and the other is told', () => {
    const { mesh, set, remove, findings } = testMesh();
    const other = serviceEntry('shop/b', { endpoints, ports: [{ number: 9000, name: 'tcp-metaprotocol-dubbo' }] });
    set(serviceEntry('shop/a', { endpoints }), other);
    expect(mesh.inboundPorts.get('10.0.0.1|9000')?.codec?.protocol.name).toBe('thrift');
    expect(findings()).toEqual(['ISTH0311 ServiceEntry/b ports[9000]', 'ISTH0311 ServiceEntry/b ports[9000]']);
    remove(other);
    expect(findings()).toEqual([]);
  });

  it('demands certificates whoever writes down its address for a host outside of the mesh, or without a service account', () => {
    const ports = [{ number: 80, name: 'http' }];
    const at = (serviceAccount?: string) => [
      { address: '10.0.0.1', ...(serviceAccount === undefined ? {} : { serviceAccount }) },
    ];
    const orders = serviceEntry('shop/orders', { ports, endpoints: at('orders') });
    const { mesh, set, findings } = testMesh();
    set(
      meshConfig('/mesh', { access: { mode: 'Enforced' } }),
      serviceEntry('desk/a', { ports, endpoints: at(), location: 'MESH_EXTERNAL' }),
      serviceEntry('desk/b', { ports, endpoints: at() }),
      orders,
    );
    const identity = 'spiffe://cluster.local/ns/shop/sa/orders';
    expect(mesh.inboundPorts.get('10.0.0.1|80')).toMatchObject({ namespace: 'shop', guard: { identity } });
    expect(findings().filter((one) => one.startsWith('ISTH0311'))).toEqual([
      'ISTH0311 ServiceEntry/a ports[80]',
      'ISTH0311 ServiceEntry/b ports[80]',
    ]);
  });
});
