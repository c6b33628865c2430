import { expect, it } from 'vitest';
import type { EndpointGroup } from '../../model/endpoint.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import type { Service } from '../../model/service.ts';
import { type NameInput, translateHostName, translateInstanceNames } from './host-names.ts';

function input(
  parts: Partial<Service> = {},
  addresses: readonly string[] = [],
  more: Partial<NameInput> = {},
): NameInput {
  const service: Service = {
    key: 'shop/orders.mesh',
    namespace: 'shop',
    host: 'orders.mesh',
    ports: [],
    resolution: 'static',
    location: 'mesh-internal',
    addresses: [],
    headless: false,
    visibility: { kind: 'public' },
    subjectAltNames: [],
    labels: {},
    provenance: { source: 'service-entry', object: { kind: 'ServiceEntry', namespace: 'shop', name: 'orders' } },
    ...parts,
  };
  const policy: MeshService['policy'] = {
    key: service.key,
    policy: { loadBalancing: { kind: 'round-robin' }, connectTimeoutMs: 10_000 },
    portPolicies: {},
    subsets: [],
  };
  return { service: { service, addresses, ports: [], policy }, groups: [], ...more };
}

const meaning = (one: NameInput) => translateHostName('orders.mesh', [one])?.services[0]?.is;

it('a host has the addresses that callers dial, by family', () => {
  expect(meaning(input({}, ['240.241.0.1', '2001:2:1::1']))).toEqual({
    kind: 'addresses',
    ipv4: ['240.241.0.1'],
    ipv6: ['2001:2:1::1'],
  });
});

it('a headless service is all of its endpoints that serve, each once', () => {
  const endpoint = { weight: 1, health: 'healthy', labels: {}, network: '', tlsMode: 'disabled' } as const;
  const group: EndpointGroup = {
    key: 'a',
    service: 'shop/orders.mesh',
    port: 80,
    locality: { region: '', zone: '', subzone: '' },
    endpoints: [
      { ...endpoint, address: '10.0.0.2', port: 80 },
      { ...endpoint, address: '10.0.0.1', port: 80 },
      { ...endpoint, address: '10.0.0.3', port: 80, health: 'draining' },
    ],
  };
  const groups = [group, { ...group, key: 'b', port: 81 }];
  expect(meaning(input({ headless: true }, [], { groups }))).toEqual({
    kind: 'addresses',
    ipv4: ['10.0.0.1', '10.0.0.2'],
    ipv6: [],
  });
  expect(meaning(input({ headless: true }))).toEqual({ kind: 'addresses', ipv4: [], ipv6: [] });
});

it('an ExternalName is an alias, in lower case', () => {
  expect(meaning(input({}, [], { externalName: 'DB.Example.com' }))).toEqual({
    kind: 'alias',
    target: 'db.example.com',
  });
});

it('a host of the mesh whose virtual IP is not there yet is known, one outside of it is asked elsewhere', () => {
  expect(meaning(input())).toEqual({ kind: 'pending' });
  expect(meaning(input({ location: 'mesh-external', resolution: 'dns' }))).toBeUndefined();
});

it('a host whose addresses callers choose has no name here', () => {
  expect(meaning(input({ resolution: 'none' }))).toBeUndefined();
  expect(meaning(input({ addresses: ['10.0.0.0/8'] }))).toBeUndefined();
  expect(meaning(input({ host: '*.mesh' }))).toBeUndefined();
});

it('services that bear one host stay in their order, each with who may see it', () => {
  const visibility = { kind: 'namespaces', namespaces: ['bank'] } as const;
  const name = translateHostName('orders.mesh', [
    input({ namespace: 'bank', visibility }, ['10.0.0.1']),
    input({ resolution: 'none' }),
    input({}, ['10.0.0.2']),
  ]);
  expect(name?.services.map((service) => [service.namespace, service.visibility])).toEqual([
    ['bank', visibility],
    ['shop', { kind: 'public' }],
  ]);
});

it('an instance of a headless service has a name of its own as long as it serves', () => {
  const endpoint = { weight: 1, health: 'healthy', labels: {}, network: '', tlsMode: 'disabled', port: 80 } as const;
  const group: EndpointGroup = {
    key: 'a',
    service: 'shop/orders.mesh',
    port: 80,
    locality: { region: '', zone: '', subzone: '' },
    endpoints: [
      { ...endpoint, address: '10.0.0.1', hostname: 'orders-0' },
      { ...endpoint, address: 'fd00::1', hostname: 'orders-0' },
      { ...endpoint, address: '10.0.0.2', hostname: 'orders-1', health: 'draining' },
      { ...endpoint, address: '10.0.0.3' },
    ],
  };
  const { service } = input({ headless: true });
  expect(translateInstanceNames(service, [group, { ...group, port: 81 }])).toEqual([
    {
      host: 'orders-0.orders.mesh',
      services: [
        {
          namespace: 'shop',
          host: 'orders.mesh',
          visibility: { kind: 'public' },
          is: { kind: 'addresses', ipv4: ['10.0.0.1'], ipv6: ['fd00::1'] },
        },
      ],
    },
  ]);
  expect(translateInstanceNames(input().service, [group])).toEqual([]);
});
