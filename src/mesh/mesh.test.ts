import { expect, it } from 'vitest';
import {
  applicationProtocol,
  destinationRule,
  metaRouter,
  serviceEntry,
  testMesh,
  workloadGroup,
} from './mesh-fixture.ts';

const endpoints = [
  { address: '10.1.0.2', labels: { version: 'v2' } },
  { address: '10.1.0.1', labels: { version: 'v1' }, weight: 0 },
];

it('one file with a service and one with its routes is all that a routed protocol needs', () => {
  const { mesh, set, leases, findings } = testMesh();
  set(
    applicationProtocol('/awesomerpc', 'awesomerpc', 'aeraki.meta_protocol.codec.awesomerpc'),
    serviceEntry('shop/pay', {
      ports: [{ number: 80, name: 'tcp-metaprotocol-awesomerpc-pay', targetPort: 8080 }],
      endpoints,
    }),
    destinationRule('shop/pay', { host: 'pay.example', subsets: [{ name: 'v1', labels: { version: 'v1' } }] }),
    metaRouter('shop/pay', {
      hosts: ['pay.example'],
      routes: [{ name: 'all', route: [{ destination: { host: 'pay.example', subset: 'v1' } }] }],
    }),
  );
  leases.set({ key: 'shop/pay.example', ipv4: '240.241.0.9', state: 'bound', since: 0 });
  expect(findings()).toEqual([]);
  const service = mesh.meshServices.get('shop/pay.example');
  expect(service?.addresses).toEqual(['240.241.0.9']);
  expect(service?.policy.subsets.map((subset) => subset.name)).toEqual(['v1']);
  expect(service?.ports[0]?.codec?.protocol.name).toBe('awesomerpc');
  expect(service?.ports[0]?.routes?.routes[0]?.destinations).toEqual([
    { destination: { host: 'pay.example', port: 80, subset: 'v1' }, weight: 100 },
  ]);
  expect(
    [...mesh.endpointGroups.values()].map((group) =>
      group.endpoints.map(({ address, port, weight }) => [address, port, weight]),
    ),
  ).toEqual([
    [
      ['10.1.0.1', 8080, 1],
      ['10.1.0.2', 8080, 1],
    ],
  ]);
  expect([...mesh.inboundPorts.keys()].toSorted()).toEqual(['10.1.0.1|8080', '10.1.0.2|8080']);
});

it('a changed endpoint touches its own service, and no route', () => {
  const { mesh, set, engine } = testMesh();
  const entries = Array.from({ length: 50 }, (_, at) =>
    serviceEntry(`shop/s${at}`, { endpoints: [{ address: `10.1.0.${at}` }] }),
  );
  set(...entries);
  set(serviceEntry('shop/s7', { endpoints: [{ address: '10.2.0.1' }] }));
  const recomputed = Object.fromEntries(
    engine
      .describe()
      .flatMap((node) =>
        node.recomputed === 0 || node.name.startsWith('resources') ? [] : [[node.name, node.recomputed]],
      ),
  );
  expect(recomputed).toEqual({
    'filled service entries': 1,
    'filling endpoints': 1,
    'service entry declarations': 1,
    'service entry endpoints': 1,
    'endpoint sources': 1,
    'endpoint sources by service': 1,
    'endpoint groups': 1,
    'endpoint groups by service': 1,
    'endpoint groups by address': 2,
    'endpoint addresses': 1,
    'inbound ports': 2,
    'hosts that proxies call': 2,
  });
  expect(mesh.inboundPorts.has('10.2.0.1|9000')).toBe(true);
  expect(mesh.inboundPorts.has('10.1.0.7|9000')).toBe(false);
});

it('nothing is left of a mesh whose resources are gone', () => {
  const { set, remove, engine } = testMesh();
  const before = engine.describe().map(({ name, count, readers, tracked }) => ({ name, count, readers, tracked }));
  const resources = [
    serviceEntry('shop/pay', { endpoints }),
    metaRouter('shop/pay', { hosts: ['pay.example'], routes: [{ route: [{ destination: { host: 'nowhere' } }] }] }),
    destinationRule('shop/pay', { host: 'pay.example' }),
    workloadGroup('shop/vm'),
  ];
  set(...resources);
  remove(...resources);
  expect(engine.describe().map(({ name, count, readers, tracked }) => ({ name, count, readers, tracked }))).toEqual(
    before,
  );
});

it('a WorkloadGroup is said to have no effect', () => {
  const { set, findings } = testMesh();
  set(workloadGroup('shop/vm'));
  expect(findings()).toEqual(['ISTH0312 WorkloadGroup/vm']);
});
