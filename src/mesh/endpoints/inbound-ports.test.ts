import { describe, expect, it } from 'vitest';
import type { InboundPort } from '../../model/mesh-service.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import {
  endpointSlice,
  kubernetesService,
  meshConfig,
  metaRouter,
  pod,
  serviceEntry,
  testMesh,
} from '../mesh-fixture.ts';
import { ingressBackend, trafficSetting } from '../openservicemesh/osm-policy-fixture.ts';

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
    expect(mesh.inboundPorts.get(`10.0.0.1|80|${identity}`)).toMatchObject({ namespace: 'shop', guard: { identity } });
    expect(findings().filter((one) => one.startsWith('ISTH0311'))).toEqual([
      'ISTH0311 ServiceEntry/a ports[80]',
      'ISTH0311 ServiceEntry/b ports[80]',
    ]);
  });
});

describe('whoever writes in another namespace', () => {
  const member = {
    addresses: ['10.0.0.1'],
    conditions: { ready: true, serving: true, terminating: false },
    targetRef: { kind: 'Pod', namespace: 'shop', name: 'orders-1' },
  };
  /** Of the Pod of shop, whoever says it. */
  const declared = (id: string, protocol: string): readonly AnyResource[] => [
    kubernetesService(id, { ports: [{ name: protocol, port: 80, protocol: 'TCP', targetPort: 8080 }] }),
    endpointSlice(id, {
      serviceName: id.slice(id.indexOf('/') + 1),
      endpoints: [member],
      ports: [{ name: protocol, port: 8080, protocol: 'TCP' }],
    }),
  ];
  const orders = [
    pod('shop/orders-1', { serviceAccount: 'orders', ips: ['10.0.0.1'] }),
    ...declared('shop/orders', 'http'),
  ];
  /** What the proxy of the workload listens for, by an object that goes first by its name. */
  const heard = (mode: 'Disabled' | 'Enforced', ...others: readonly AnyResource[]): InboundPort | undefined => {
    const { mesh, set } = testMesh();
    set(meshConfig('/mesh', { access: { mode } }), ...orders, ...others);
    const own = mode === 'Disabled' ? '' : '|spiffe://cluster.local/ns/shop/sa/orders';
    return mesh.inboundPorts.get(`10.0.0.1|8080${own}`);
  };
  const foreign = (serviceAccount: string) =>
    serviceEntry('attic/x', {
      ports: [{ number: 80, name: 'tcp', targetPort: 8080 }],
      endpoints: [{ address: '10.0.0.1', serviceAccount }],
    });

  it.each(['Disabled', 'Enforced'] as const)('takes no port of a workload away from it (%s)', (mode) => {
    const alone = heard(mode);
    expect(alone).toMatchObject({ namespace: 'shop', port: { protocol: { protocol: 'http' } } });
    expect(heard(mode, foreign('evil'))).toEqual(alone);
    expect(heard(mode, ...declared('attic/x', 'tcp'))).toEqual(alone);
  });

  it('opens no port of it to callers from outside of the mesh, and bounds none', () => {
    const spec = { backends: [{ name: 'x', port: 8080 }], sources: [{ kind: 'IPRange', range: '0.0.0.0/0' } as const] };
    const limit = trafficSetting('attic/x', 'x.attic.svc.cluster.local', {
      localTcp: { count: 1, per: 60_000, burst: 0 },
    });
    const all = [...declared('attic/x', 'http'), ingressBackend('attic/in', spec), limit];
    expect(heard('Enforced', ...all)).toEqual(heard('Enforced'));
  });

  it('opens none that its namespace says nothing of', () => {
    const { mesh, set } = testMesh();
    const spec = { backends: [{ name: 'x', port: 8080 }], sources: [{ kind: 'IPRange', range: '0.0.0.0/0' } as const] };
    const [workload] = orders;
    set(
      meshConfig('/mesh', { access: { mode: 'Enforced' } }),
      ...(workload === undefined ? [] : [workload]),
      ...declared('attic/x', 'http'),
      ingressBackend('attic/in', spec),
    );
    expect([...mesh.inboundPorts.keys()].map((key) => mesh.inboundPorts.get(key)?.ingress)).toEqual([undefined]);
  });
});
