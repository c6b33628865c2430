import { describe, expect, it } from 'vitest';
import type { Mesh } from '../mesh.ts';
import { endpointSlice, kubernetesService, pod, serviceEntry, testMesh, workloadEntry } from '../mesh-fixture.ts';

/** `group key: address:port*weight ...` of all groups, sorted. */
function standing(mesh: Mesh): readonly string[] {
  return [...mesh.endpointGroups.values()]
    .map(({ key, endpoints }) => `${key}: ${endpoints.map((e) => `${e.address}:${e.port}*${e.weight}`).join(' ')}`)
    .toSorted();
}

const twoPorts = [
  { number: 80, name: 'a', targetPort: 8080 },
  { number: 90, name: 'b' },
];

describe('endpoints written in a ServiceEntry', () => {
  it('stand at their own port of the name, else at the target port, else at the number', () => {
    const { mesh, set } = testMesh();
    set(
      serviceEntry('s/x', {
        ports: twoPorts,
        endpoints: [{ address: '10.0.0.2', ports: { a: 1111 }, weight: 7 }, { address: '10.0.0.1' }],
      }),
    );
    expect(standing(mesh)).toEqual([
      's/x.example|80|//: 10.0.0.1:8080*1 10.0.0.2:1111*7',
      's/x.example|90|//: 10.0.0.1:90*1 10.0.0.2:90*7',
    ]);
  });

  it('stand at the number of a port whose name is a word of every object', () => {
    const { mesh, set } = testMesh();
    const ports = [{ number: 80, name: 'constructor' }];
    set(
      serviceEntry('s/x', { ports, endpoints: [{ address: '10.0.0.1', ports: { a: 1111 } }] }),
      kubernetesService('s/y', { selector: { app: 'y' }, ports: [{ name: 'constructor', port: 80, protocol: 'TCP' }] }),
      workloadEntry('s/y', { address: '10.0.0.2', labels: { app: 'y' }, ports: { a: 1111 } }),
    );
    expect(standing(mesh)).toEqual([
      's/x.example|80|//: 10.0.0.1:80*1',
      's/y.s.svc.cluster.local|80|//: 10.0.0.2:80*1',
    ]);
  });

  it('are grouped by locality, written or by label', () => {
    const { mesh, set } = testMesh();
    set(
      serviceEntry('s/x', {
        endpoints: [
          { address: '10.0.0.1', locality: 'r/z/s' },
          { address: '10.0.0.2', labels: { 'istio-locality': 'r.z.s' } },
          { address: '10.0.0.3', locality: 'r/z', labels: { 'istio-locality': 'other' } },
        ],
      }),
    );
    expect(standing(mesh)).toEqual([
      's/x.example|9000|r/z/: 10.0.0.3:9000*1',
      's/x.example|9000|r/z/s: 10.0.0.1:9000*1 10.0.0.2:9000*1',
    ]);
  });

  it('carry identity and TLS where a service account or the label is written', () => {
    const { mesh, set } = testMesh();
    set(
      serviceEntry('s/x', {
        endpoints: [
          { address: '10.0.0.1', serviceAccount: 'pay' },
          { address: '10.0.0.2', labels: { 'security.istio.io/tlsMode': 'istio' } },
          { address: '10.0.0.3', network: 'n' },
        ],
      }),
    );
    const endpoints = mesh.endpointGroups.get('s/x.example|9000|//')?.endpoints;
    expect(endpoints?.map(({ identity, tlsMode, network }) => [identity, tlsMode, network])).toEqual([
      ['spiffe://cluster.local/ns/s/sa/pay', 'istio', ''],
      [undefined, 'istio', ''],
      [undefined, 'disabled', 'n'],
    ]);
  });

  it('that cannot be used are left out, one by one, and told', () => {
    const { mesh, set, findings } = testMesh();
    set(
      serviceEntry('s/x', {
        endpoints: [
          { address: 'name.example' },
          { network: 'n' },
          { address: 'unix:///run/x', ports: {} },
          { address: '10.0.0.1', ports: { unknown: 1 } },
        ],
      }),
    );
    expect(standing(mesh)).toEqual(['s/x.example|9000|//: 10.0.0.1:9000*1 unix:///run/x:0*1']);
    expect(findings()).toEqual([
      'ISTH0308 ServiceEntry/x spec.endpoints[0].address',
      'ISTH0308 ServiceEntry/x spec.endpoints[1].address',
      'ISTH0309 ServiceEntry/x spec.endpoints[3].ports',
    ]);
  });

  it('are none with resolution NONE', () => {
    const { mesh, set } = testMesh();
    set(serviceEntry('s/x', { resolution: 'NONE', endpoints: [{ address: '10.0.0.1' }] }));
    expect(standing(mesh)).toEqual([]);
  });
});

describe('with DNS', () => {
  it('a host without endpoints stands for itself, at the target port', () => {
    const { mesh, set } = testMesh();
    set(
      serviceEntry('s/x', {
        hosts: ['a.example', 'b.example', '*.c.example'],
        resolution: 'DNS',
        ports: [{ number: 80, name: 'tcp', targetPort: 8080 }],
      }),
    );
    expect(standing(mesh)).toEqual(['s/a.example|80|//: a.example:8080*1', 's/b.example|80|//: b.example:8080*1']);
  });

  it('written endpoints may be names', () => {
    const { mesh, set } = testMesh();
    set(serviceEntry('s/x', { resolution: 'DNS', endpoints: [{ address: 'y.example' }] }));
    expect(standing(mesh)).toEqual(['s/x.example|9000|//: y.example:9000*1']);
  });
});

describe('a workloadSelector', () => {
  const entry = serviceEntry('s/x', { workloadSelector: { labels: { app: 'x', tier: 'web' } } });

  it('picks the WorkloadEntries of its namespace that bear all its labels, as they come and go', () => {
    const { mesh, set, remove } = testMesh();
    const one = workloadEntry('s/one', { address: '10.0.0.1', labels: { app: 'x', tier: 'web', more: 'y' } });
    set(
      entry,
      one,
      workloadEntry('s/two', { address: '10.0.0.2', labels: { app: 'x' } }, { labels: { tier: 'web' } }),
      workloadEntry('s/half', { address: '10.0.0.3', labels: { app: 'x' } }),
      workloadEntry('other/far', { address: '10.0.0.4', labels: { app: 'x', tier: 'web' } }),
    );
    expect(standing(mesh)).toEqual(['s/x.example|9000|//: 10.0.0.1:9000*1 10.0.0.2:9000*1']);
    expect(mesh.endpointGroups.get('s/x.example|9000|//')?.endpoints[1]).toMatchObject({
      workload: 's/two',
      labels: { app: 'x', tier: 'web' },
    });
    remove(one);
    set(workloadEntry('s/half', { address: '10.0.0.3', labels: { app: 'x', tier: 'web' } }));
    expect(standing(mesh)).toEqual(['s/x.example|9000|//: 10.0.0.2:9000*1 10.0.0.3:9000*1']);
  });

  it('without labels picks nothing, and is told', () => {
    const { mesh, set, findings } = testMesh();
    set(serviceEntry('s/x', { workloadSelector: { labels: {} } }), workloadEntry('s/one', { address: '10.0.0.1' }));
    expect(standing(mesh)).toEqual([]);
    expect(findings()).toEqual(['ISTH0315 ServiceEntry/x spec.workloadSelector.labels']);
  });
});

describe('a Kubernetes Service', () => {
  const conditions = { ready: true, serving: true, terminating: false };
  const slice = endpointSlice('s/x-1', {
    serviceName: 'x',
    ports: [{ name: 'main', port: 8080, protocol: 'TCP' }],
    endpoints: [
      { addresses: ['10.0.0.1'], conditions, zone: 'z', targetRef: { kind: 'Pod', name: 'pod' } },
      { addresses: ['10.0.0.2'], conditions: { ready: false, serving: false, terminating: false }, zone: 'z' },
      { addresses: ['10.0.0.3'], conditions: { ready: false, serving: true, terminating: true }, zone: 'z' },
    ],
  });
  const service = kubernetesService('s/x', {
    ports: [{ name: 'main', port: 80, protocol: 'TCP', targetPort: 8080 }],
    selector: { app: 'x' },
  });

  it('has the endpoints of its slices by port name: those that are ready, and those that are leaving', () => {
    const { mesh, set } = testMesh();
    set(service, slice);
    const group = mesh.endpointGroups.get('s/x.s.svc.cluster.local|80|/z/');
    expect(group?.endpoints.map(({ address, port, health, workload }) => [address, port, health, workload])).toEqual([
      ['10.0.0.1', 8080, 'healthy', 's/pod'],
      ['10.0.0.3', 8080, 'draining', undefined],
    ]);
  });

  it('has the identities and labels of the Pods that its slices name, or whose address they have', () => {
    const { mesh, set, remove } = testMesh();
    const named = pod('s/pod', { serviceAccount: 'orders', ips: ['10.0.0.1'] }, { version: 'v1' });
    set(service, slice, named, pod('s/leaving', { ips: ['10.0.0.3'] }), pod('t/other', { ips: ['10.0.0.3'] }));
    const workloads = () =>
      mesh.endpointGroups
        .get('s/x.s.svc.cluster.local|80|/z/')
        ?.endpoints.map(({ identity, labels, workload }) => [identity, labels.version, workload]);
    expect(workloads()).toEqual([
      ['spiffe://cluster.local/ns/s/sa/orders', 'v1', 's/pod'],
      ['spiffe://cluster.local/ns/s/sa/default', undefined, 's/leaving'],
    ]);
    const before = mesh.endpointGroups.get('s/x.s.svc.cluster.local|80|/z/');
    set({ ...named, spec: { ...named.spec, ready: false } });
    expect(mesh.endpointGroups.get('s/x.s.svc.cluster.local|80|/z/')).toBe(before);
    remove(named);
    expect(workloads()?.[0]).toEqual([undefined, undefined, 's/pod']);
  });

  it('takes nobody for the Pod at an address that several have, or that is its node', () => {
    const { mesh, set } = testMesh();
    const conditionsAt = (address: string) => ({ addresses: [address], conditions });
    const nameless = { ...slice.spec, endpoints: [conditionsAt('10.0.0.8'), conditionsAt('10.0.0.9')] };
    set(service, endpointSlice('s/x-1', nameless));
    set(pod('s/node', { ips: ['10.0.0.8'], hostNetwork: true }));
    set(pod('s/one', { ips: ['10.0.0.9'] }), pod('s/two', { ips: ['10.0.0.9'] }));
    const [group] = mesh.endpointGroups.values();
    expect(group?.endpoints.map(({ identity, workload }) => [identity, workload])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it('has the WorkloadEntries of its selector beside its Pods', () => {
    const { mesh, set } = testMesh();
    set(service, slice, workloadEntry('s/vm', { address: '10.9.0.1', labels: { app: 'x' } }));
    expect(standing(mesh)).toContain('s/x.s.svc.cluster.local|80|//: 10.9.0.1:8080*1');
  });

  it('that is external leads to the name', () => {
    const { mesh, set } = testMesh();
    set(kubernetesService('s/x', { type: 'ExternalName', externalName: 'y.example', clusterIPs: [] }));
    expect(standing(mesh)).toEqual(['s/x.s.svc.cluster.local|9000|//: y.example:9000*1']);
  });

  it('gets nothing from slices of names, or of no service', () => {
    const { mesh, set, findings } = testMesh();
    set(
      service,
      endpointSlice('s/a', { ...slice.spec, addressType: 'FQDN' }),
      endpointSlice('s/b', { ...slice.spec, serviceName: '' }),
    );
    expect(standing(mesh)).toEqual([]);
    expect(findings()).toEqual(['ISTH0308 EndpointSlice/a addressType']);
  });
});

describe('endpoints that several objects give to one service', () => {
  it('are merged, and count once', () => {
    const { mesh, set, findings } = testMesh();
    const of = (name: string, ...addresses: readonly string[]) =>
      serviceEntry(`s/${name}`, { hosts: ['h'], endpoints: addresses.map((address) => ({ address })) });
    set(of('b', '10.0.0.2', '10.0.0.1'), of('a', '10.0.0.3', '10.0.0.1'));
    expect(standing(mesh)).toEqual(['s/h|9000|//: 10.0.0.1:9000*1 10.0.0.2:9000*1 10.0.0.3:9000*1']);
    expect(findings()).toEqual([]);
  });

  it('count as the first says where they differ, and the other is told', () => {
    const { mesh, set, findings } = testMesh();
    const of = (name: string, weight: number, locality: string) =>
      serviceEntry(`s/${name}`, { hosts: ['h'], endpoints: [{ address: '10.0.0.1', weight, locality }] });
    set(of('b', 2, 'x'), of('a', 3, 'y'));
    expect(standing(mesh)).toEqual(['s/h|9000|y//: 10.0.0.1:9000*3']);
    expect(findings()).toEqual(['ISTH0310 ServiceEntry/b']);
  });
});
