import { describe, expect, it } from 'vitest';
import type { EndpointGroup } from '../../model/endpoint.ts';
import { formatObject } from '../../model/finding.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import { endpoint, group, HOST, meshService, plain, servicePort } from '../translation-fixture.ts';
import { type IstioServiceEntry, translateServiceEntry } from './service-entries.ts';

const writing = { revision: 'canary', sharesObjects: false };

function entryOf(service: MeshService, groups: readonly EndpointGroup[]): IstioServiceEntry {
  const entry = translateServiceEntry(service, groups, writing).objects.find((one) => one.kind === 'ServiceEntry');
  if (entry === undefined) throw new Error('there is no ServiceEntry');
  return entry;
}

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
    expect(entryOf(service, places)).toEqual({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: {
        name: HOST,
        namespace: 'shop',
        labels: { 'app.kubernetes.io/managed-by': 'isthmus', 'isthmus.dev/rev': 'canary' },
        annotations: { 'isthmus.dev/source': formatObject(service.service.provenance.object) },
      },
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
    const { spec } = entryOf(meshService({ ports }), [group('', endpoint('10.0.0.1', { port: 1 })), second]);
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
    expect(entryOf(meshService({ service: { visibility } }), []).spec.exportTo).toEqual(exportTo);
  });

  it('has a name that Kubernetes takes, different for different hosts', () => {
    const nameOf = (host: string) => entryOf(meshService({ service: { host } }), []).metadata.name;
    const names = ['*.example.com', 'A_B.example', 'a-b.example', `${'a'.repeat(300)}.example`, '*'].map(nameOf);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/);
  });

  it('says of a port that not every endpoint has, and of an endpoint without the main port, that they are left out', () => {
    const ports = [
      { port: servicePort(plain('tcp'), { name: 'main', number: 9090 }) },
      { port: servicePort(plain('tcp'), { name: 'admin', number: 9091 }) },
    ];
    const admin = {
      ...group('', endpoint('10.0.0.1', { port: 9091 }), endpoint('10.0.0.9', { port: 9091 })),
      key: 'z',
      port: 9091,
    };
    const service = meshService({ ports });
    const main = group('', endpoint('10.0.0.1', { port: 9090 }), endpoint('10.0.0.2', { port: 9090 }));
    const { spec } = entryOf(service, [main, admin]);
    expect(spec.ports.map(({ name }) => name)).toEqual(['main']);
    expect(spec.endpoints?.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(translateServiceEntry(service, [main, admin], writing).findings.map(({ message }) => message)).toEqual([
      `The ServiceEntry of ${HOST} leaves out port admin, which not every endpoint has.`,
      `The ServiceEntry of ${HOST} leaves out 1 endpoints, which lack port main.`,
    ]);
  });

  it('is not there for a service without ports, which is told', () => {
    const { objects, findings } = translateServiceEntry(meshService({ ports: [] }), [], writing);
    expect(objects).toEqual([]);
    expect(findings).toMatchObject([{ code: 'ISTH0709' }]);
  });

  it('selects WorkloadEntries where there are more endpoints than one object may hold', () => {
    const endpoints = Array.from({ length: 4_001 }, (_, n) => endpoint(`10.0.${n >> 8}.${n & 255}`));
    const { objects } = translateServiceEntry(meshService(), [group('', ...endpoints)], writing);
    const [entry, ...workloads] = objects;
    expect(objects).toHaveLength(4_002);
    const selector = entry?.kind === 'ServiceEntry' ? entry.spec.workloadSelector?.labels : undefined;
    expect(Object.keys(selector ?? {})).toHaveLength(1);
    for (const { kind, spec } of workloads)
      expect({ kind, spec }).toMatchObject({ kind: 'WorkloadEntry', spec: { labels: selector } });
    expect(new Set(workloads.map(({ metadata }) => metadata.name)).size).toBe(4_001);
  });

  it('has WorkloadEntries of names that Kubernetes takes, wherever a long host is cut', () => {
    const endpoints = Array.from({ length: 4_001 }, (_, n) => endpoint(`10.0.${n >> 8}.${n & 255}`));
    const label = 'a'.repeat(45);
    // The 230th character is a dot.
    const host = `${label}.${label}.${label}.${label}.${'a'.repeat(45)}.example`;
    const { objects } = translateServiceEntry(meshService({ service: { host } }), [group('', ...endpoints)], writing);
    expect(host[229]).toBe('.');
    expect(objects[1]?.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
  });
});
