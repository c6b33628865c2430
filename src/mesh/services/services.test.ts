import { describe, expect, it } from 'vitest';
import { kubernetesService, serviceEntry, testMesh } from '../mesh-fixture.ts';

const shopPay = 'pay.shop.svc.cluster.local';

describe('a ServiceEntry', () => {
  it('with several hosts gives one service each, with all its ports in order', () => {
    const { mesh, set } = testMesh();
    set(
      serviceEntry('shop/pay', {
        hosts: ['A.example', 'b.example', 'a.example'],
        ports: [
          { number: 90, name: 'http-web' },
          { number: 80, name: 'tcp-metaprotocol-dubbo', targetPort: 8080 },
        ],
        exportTo: ['.', 'bank'],
      }),
    );
    expect([...mesh.services.keys()]).toEqual(['shop/a.example', 'shop/b.example']);
    expect(mesh.services.get('shop/a.example')).toMatchObject({
      ports: [
        { number: 80, targetPort: 8080, protocol: { kind: 'metaprotocol', application: 'dubbo' } },
        { number: 90, targetPort: 90, protocol: { kind: 'plain', protocol: 'http' } },
      ],
      resolution: 'static',
      location: 'mesh-internal',
      visibility: { kind: 'namespaces', namespaces: ['bank', 'shop'] },
      provenance: { source: 'service-entry', object: { kind: 'ServiceEntry', namespace: 'shop', name: 'pay' } },
    });
  });

  it('whose port names no application protocol is served as plain TCP, and told', () => {
    const { mesh, set, findings } = testMesh();
    set(serviceEntry('shop/pay', { ports: [{ number: 80, name: 'tcp-metaprotocol' }] }));
    expect(mesh.services.get('shop/pay.example')?.ports[0]?.protocol).toEqual({ kind: 'plain', protocol: 'tcp' });
    expect(findings()).toEqual(['ISTH0303 ServiceEntry/pay spec.ports[0].name']);
  });
});

describe('a Kubernetes Service', () => {
  it('has its cluster name, its cluster IPs and what its ports say', () => {
    const { mesh, set } = testMesh();
    const ports = [
      { name: 'main', port: 80, protocol: 'TCP', appProtocol: 'metaprotocol-dubbo', targetPort: 'x' },
    ] as const;
    set(kubernetesService('shop/pay', { clusterIPs: ['10.0.0.1', 'fd00::1'], ports }));
    expect(mesh.services.get(`shop/${shopPay}`)).toMatchObject({
      host: shopPay,
      addresses: ['10.0.0.1', 'fd00::1'],
      headless: false,
      resolution: 'static',
      ports: [{ number: 80, targetPort: 80, protocol: { kind: 'metaprotocol', application: 'dubbo' } }],
    });
  });

  it('that is headless has no address, one that is external is found by DNS', () => {
    const { mesh, set } = testMesh();
    set(
      kubernetesService('shop/none', { clusterIPs: ['None'] }),
      kubernetesService('shop/out', { type: 'ExternalName', clusterIPs: [], externalName: 'x.example' }),
    );
    expect(mesh.services.get('shop/none.shop.svc.cluster.local')).toMatchObject({ addresses: [], headless: true });
    expect(mesh.services.get('shop/out.shop.svc.cluster.local')).toMatchObject({
      headless: false,
      resolution: 'dns',
      location: 'mesh-external',
    });
  });

  it('serves TCP where TCP and UDP share a number, and no SCTP', () => {
    const { mesh, set, findings } = testMesh();
    const port = (protocol: 'TCP' | 'UDP' | 'SCTP', number: number) => ({ name: protocol, port: number, protocol });
    set(
      kubernetesService('shop/a', { ports: [port('UDP', 53), port('TCP', 53), port('UDP', 99)] }),
      kubernetesService('shop/b', {
        clusterIPs: ['10.0.0.2'],
        ports: [port('TCP', 53), port('UDP', 53), port('SCTP', 54)],
      }),
    );
    const served = (name: string) => mesh.services.get(`shop/${name}.shop.svc.cluster.local`)?.ports;
    expect(served('a')?.map((each) => [each.number, each.protocol])).toEqual([
      [53, { kind: 'plain', protocol: 'tcp' }],
      [99, { kind: 'plain', protocol: 'udp' }],
    ]);
    expect(served('b')?.map((each) => each.name)).toEqual(['TCP']);
    expect(findings()).toEqual([
      'ISTH0314 Service/a spec.ports',
      'ISTH0314 Service/b spec.ports[1]',
      'ISTH0314 Service/b spec.ports[2]',
    ]);
  });

  it('of a control plane has DNS by UDP and TCP at one number, which is no finding', () => {
    const { set, findings } = testMesh();
    const ports = [
      { name: 'dns', port: 53, protocol: 'UDP' as const },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' as const },
    ];
    set(kubernetesService('isthmus-system/isthmus', { ports }, { labels: { 'isthmus.dev/control-plane': 'default' } }));
    expect(findings()).toEqual([]);
  });

  it('is exported as its annotation says', () => {
    const { mesh, set } = testMesh();
    set(kubernetesService('shop/pay', {}, { annotations: { 'networking.istio.io/exportTo': '., bank' } }));
    expect(mesh.services.get(`shop/${shopPay}`)?.visibility).toEqual({
      kind: 'namespaces',
      namespaces: ['bank', 'shop'],
    });
  });
});

describe('a host that several objects of a namespace declare', () => {
  it('is what Kubernetes says, whatever its age', () => {
    const { mesh, set, findings } = testMesh();
    set(
      serviceEntry('shop/entry', { hosts: [shopPay] }, { created: 1 }),
      kubernetesService('shop/pay', {}, { created: 9 }),
    );
    expect(mesh.services.get(`shop/${shopPay}`)?.provenance.source).toBe('kubernetes');
    expect(findings()).toEqual(['ISTH0301 ServiceEntry/entry']);
  });

  it('is what the oldest says, then the smallest key; and the next one when it goes', () => {
    const { mesh, set, remove } = testMesh();
    const entry = (name: string, number: number, created?: number) =>
      serviceEntry(
        `shop/${name}`,
        { hosts: ['h'], ports: [{ number, name: 'tcp' }] },
        created === undefined ? {} : { created },
      );
    const port = () => mesh.services.get('shop/h')?.ports[0]?.number;
    set(entry('b', 2), entry('a', 1));
    expect(port()).toBe(1);
    set(entry('z', 26, 5));
    expect(port()).toBe(26);
    remove(entry('z', 26));
    expect(port()).toBe(1);
    remove(entry('a', 1));
    expect(port()).toBe(2);
  });

  it('gives no finding where all say the same', () => {
    const { set, findings } = testMesh();
    set(serviceEntry('shop/a', { hosts: ['h'] }), serviceEntry('shop/b', { hosts: ['h'] }));
    expect(findings()).toEqual([]);
  });
});

it('a host of several namespaces is a service in each, and said so', () => {
  const { mesh, set, findings } = testMesh();
  set(serviceEntry('b/x', { hosts: ['h'] }), serviceEntry('a/x', { hosts: ['h'] }));
  expect(mesh.hosts.get('h')?.services.map((service) => service.key)).toEqual(['a/h', 'b/h']);
  expect(findings()).toEqual(['ISTH0302 ServiceEntry/x']);
});
