import { describe, expect, it } from 'vitest';
import { destinationRule, kubernetesService, serviceEntry, testMesh } from '../mesh-fixture.ts';

const host = 'pay.example';
const service = serviceEntry('shop/pay', {});
const connect = (seconds: number) => ({ connectionPool: { tcp: { connectTimeout: seconds } } });

describe('a service without a rule', () => {
  it("has Istio's defaults", () => {
    const { mesh, set } = testMesh();
    set(service);
    expect(mesh.hostPolicies.get('shop/pay.example')).toEqual({
      key: 'shop/pay.example',
      policy: { loadBalancing: { kind: 'least-request' } },
      portPolicies: {},
      subsets: [],
    });
  });
});

describe('a DestinationRule', () => {
  it('lets its subsets inherit what they do not say, and its ports nothing', () => {
    const { mesh, set } = testMesh();
    set(
      service,
      destinationRule('shop/pay', {
        host,
        trafficPolicy: {
          loadBalancer: { simple: 'RANDOM' },
          connectionPool: { tcp: { connectTimeout: 5, maxConnections: 9, tcpKeepalive: { time: 60 } } },
          portLevelSettings: [{ port: { number: 80 }, loadBalancer: { simple: 'ROUND_ROBIN' } }],
        },
        subsets: [
          { name: 'v2', labels: { version: 'v2' }, trafficPolicy: { loadBalancer: { simple: 'LEAST_CONN' } } },
          { name: 'v1', trafficPolicy: connect(7) },
        ],
      }),
    );
    const pool = { connectTimeoutMs: 5, maxConnections: 9, tcpKeepaliveSeconds: 60 };
    expect(mesh.hostPolicies.get('shop/pay.example')).toEqual({
      key: 'shop/pay.example',
      origin: { object: { kind: 'DestinationRule', namespace: 'shop', name: 'pay' } },
      policy: { loadBalancing: { kind: 'random' }, ...pool },
      portPolicies: { 80: { loadBalancing: { kind: 'round-robin' } } },
      subsets: [
        { name: 'v1', labels: {}, policy: { loadBalancing: { kind: 'random' }, connectTimeoutMs: 7 } },
        { name: 'v2', labels: { version: 'v2' }, policy: { loadBalancing: { kind: 'least-request' }, ...pool } },
      ],
    });
  });

  it('says which places its callers turn to, which its subsets inherit', () => {
    const { mesh, set } = testMesh();
    const localityLbSetting = {
      failover: [{ from: 'eu', to: 'us' }],
      failoverPriority: ['topology.kubernetes.io/zone', 'app', 'topology.istio.io/subzone'],
    };
    const distribute = [{ from: 'eu/*', to: { us: 20, eu: 80 } }];
    const subsets = [
      { name: 'v1' },
      { name: 'v2', trafficPolicy: { loadBalancer: { localityLbSetting: { distribute } } } },
    ];
    set(
      service,
      destinationRule('shop/pay', { host, trafficPolicy: { loadBalancer: { localityLbSetting } }, subsets }),
    );
    const places = { isEnabled: true, shares: [], nextRegions: { eu: 'us' }, order: ['zone', 'subzone'] };
    const to = [
      { place: 'eu', percent: 80 },
      { place: 'us', percent: 20 },
    ];
    const { policy, subsets: own } = mesh.hostPolicies.get('shop/pay.example') ?? {};
    expect([policy?.places, ...(own ?? []).map((subset) => subset.policy.places)]).toEqual([
      places,
      places,
      { isEnabled: true, shares: [{ from: 'eu/*', to }], nextRegions: {}, order: [] },
    ]);
    expect(policy?.loadBalancing).toEqual({ kind: 'least-request' });
  });

  it.each([
    [{ httpHeaderName: 'user' }, { algorithm: 'ring-hash', property: 'user' }],
    [
      { httpHeaderName: 'user', minimumRingSize: 9 },
      { algorithm: 'ring-hash', property: 'user', minimumRingSize: 9 },
    ],
    [
      { useSourceIp: true, ringHash: { minimumRingSize: 8 } },
      { algorithm: 'ring-hash', minimumRingSize: 8 },
    ],
    [
      { httpHeaderName: 'user', maglev: { tableSize: 7 } },
      { algorithm: 'maglev', property: 'user', tableSize: 7 },
    ],
    [
      { httpHeaderName: 'user', maglev: {} },
      { algorithm: 'maglev', property: 'user' },
    ],
  ])('hashes as it says: %j', (consistentHash, expected) => {
    const { mesh, set } = testMesh();
    set(service, destinationRule('shop/pay', { host, trafficPolicy: { loadBalancer: { consistentHash } } }));
    expect(mesh.hostPolicies.get('shop/pay.example')?.policy.loadBalancing).toEqual({
      kind: 'consistent-hash',
      ...expected,
    });
  });

  it('may name its host shortly, as seen from its own namespace', () => {
    const { mesh, set } = testMesh();
    set(kubernetesService('shop/pay'), kubernetesService('bank/pay', { clusterIPs: ['10.0.0.2'] }));
    set(destinationRule('shop/pay', { host: 'pay', trafficPolicy: connect(1) }));
    expect(mesh.hostPolicies.get('shop/pay.shop.svc.cluster.local')?.policy.connectTimeoutMs).toBe(1);
    expect(mesh.hostPolicies.get('bank/pay.bank.svc.cluster.local')?.policy.connectTimeoutMs).toBeUndefined();
  });

  it('may name a pattern, which counts where nothing more specific does', () => {
    const { mesh, set } = testMesh();
    const exact = destinationRule('shop/exact', { host, trafficPolicy: connect(2) });
    set(service, destinationRule('shop/all', { host: '*.example', trafficPolicy: connect(1) }));
    const timeout = () => mesh.hostPolicies.get('shop/pay.example')?.policy.connectTimeoutMs;
    expect(timeout()).toBe(1);
    set(exact);
    expect(timeout()).toBe(2);
  });

  it('for an unknown host is told', () => {
    const { set, remove, findings } = testMesh();
    set(destinationRule('shop/pay', { host }));
    expect(findings()).toEqual(['ISTH0503 DestinationRule/pay']);
    set(service);
    expect(findings()).toEqual([]);
    remove(service);
    expect(findings()).toEqual(['ISTH0503 DestinationRule/pay']);
  });
});

describe('of several rules for a host', () => {
  it("one of the service's own namespace holds, then the oldest, then the smallest key; the others are told", () => {
    const { mesh, set, remove, findings } = testMesh();
    const rule = (id: string, timeout: number, created?: number) =>
      destinationRule(id, { host, trafficPolicy: connect(timeout) }, created === undefined ? {} : { created });
    const timeout = () => mesh.hostPolicies.get('shop/pay.example')?.policy.connectTimeoutMs;
    set(service, rule('a/old', 1, 1), rule('shop/b', 2), rule('shop/a', 3));
    expect(timeout()).toBe(3);
    expect(findings()).toEqual(['ISTH0501 DestinationRule/b', 'ISTH0501 DestinationRule/old']);
    set(rule('shop/c', 4, 9));
    expect(timeout()).toBe(4);
    remove(rule('shop/a', 3), rule('shop/b', 2), rule('shop/c', 4));
    expect(timeout()).toBe(1);
    expect(findings()).toEqual(['ISTH0511 DestinationRule/old']);
  });

  it('one of a namespace that may not see the service does not count, and is told', () => {
    const { mesh, set, findings } = testMesh();
    const hidden = serviceEntry('shop/pay', { exportTo: ['.'] });
    set(hidden, destinationRule('evil/dr', { host, trafficPolicy: connect(1) }));
    expect(mesh.hostPolicies.get('shop/pay.example')?.policy.connectTimeoutMs).toBeUndefined();
    expect(findings()).toEqual(['ISTH0503 DestinationRule/dr']);
  });

  it("one that is not exported to the service's namespace does not count, and is told", () => {
    const { mesh, set, findings } = testMesh();
    set(service, destinationRule('a/private', { host, trafficPolicy: connect(1), exportTo: ['.'] }));
    expect(mesh.hostPolicies.get('shop/pay.example')?.policy.connectTimeoutMs).toBeUndefined();
    expect(findings()).toEqual(['ISTH0504 DestinationRule/private']);
  });
});
