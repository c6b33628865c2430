import { describe, expect, it } from 'vitest';
import type { PortSplit } from '../../model/traffic-split.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { account, routeGroup, tcpRoute, trafficTarget } from '../access/access-fixture.ts';
import { kubernetesService, meshConfig, metaRouter, serviceEntry, testMesh } from '../mesh-fixture.ts';
import { trafficSplit } from './traffic-split-fixture.ts';

const http = { name: 'http-web', port: 80, protocol: 'TCP' } as const;
const web = (id: string, ...ports: readonly number[]) =>
  kubernetesService(id, {
    ports: [http, ...ports.map((port) => ({ name: `tcp-${port}`, port, protocol: 'TCP' as const }))],
  });
const root = web('shop/web');
const next = web('shop/next');
const key = 'shop/web.shop.svc.cluster.local';

function meshOf(...resources: readonly AnyResource[]) {
  const test = testMesh();
  test.set(root, next, ...resources);
  const service = (of = key) => test.mesh.meshServices.get(of);
  const portSplit = (port = 80, of = key) => service(of)?.ports.find((one) => one.port.number === port)?.split;
  // About splits.
  const findings = () => test.findings().filter((one) => /^ISTH13(?:3|47)/.test(one));
  return { ...test, findings, service, portSplit, shares: (port = 80, of = key) => portSplit(port, of)?.map(sharesOf) };
}

/** `first label of the host` -> weight. */
function sharesOf({ destinations }: Pick<PortSplit[number], 'destinations'>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    destinations.map(({ destination, weight }) => [destination.host.replace(/\..*/, ''), weight]),
  );
}

describe('a TrafficSplit', () => {
  it.each(['web', 'web.shop', 'web.shop.svc', 'web.shop.svc.cluster.local'])('may name its service %s', (name) => {
    const { shares, findings } = meshOf(trafficSplit('shop/a', name, { [name]: 9, 'next.shop': 1 }));
    expect(shares()).toEqual([{ web: 9, next: 1 }]);
    expect(findings()).toEqual([]);
  });

  it('adds up what it gives a service by several of its names', () => {
    const { shares } = meshOf(trafficSplit('shop/a', 'web', { web: 1, next: 2, 'next.shop': 3 }));
    expect(shares()).toEqual([{ web: 1, next: 5 }]);
  });

  it('may name hosts of ServiceEntries of its own namespace', () => {
    const entry = serviceEntry('shop/outer', { hosts: ['outer.example'], ports: [{ number: 80, name: 'http-web' }] });
    const { shares } = meshOf(entry, trafficSplit('shop/a', 'outer.example', { 'outer.example': 1, next: 3 }));
    expect(shares(80, 'shop/outer.example')).toEqual([{ outer: 1, next: 3 }]);
  });

  it('steers no service of another namespace, and sends nothing to one', () => {
    const foreign = trafficSplit('town/a', 'web.shop', { 'web.shop': 1 });
    const away = trafficSplit('shop/b', 'web', { web: 1, 'web.town': 1 });
    const { shares, findings } = meshOf(web('town/web'), foreign, away);
    expect(shares()).toEqual([{ web: 1 }]);
    expect(findings()).toEqual([
      'ISTH1330 TrafficSplit/a spec.service',
      'ISTH1331 TrafficSplit/b spec.backends[1].service',
    ]);
  });

  it('leaves out a backend without the port; the others keep their weights', () => {
    const { shares, findings } = meshOf(
      web('shop/web', 90),
      web('shop/third', 90),
      trafficSplit('shop/a', 'web', { web: 5, next: 3, third: 2 }),
    );
    expect([shares(80), shares(90)]).toEqual([[{ web: 5, next: 3, third: 2 }], [{ web: 5, third: 2 }]]);
    expect(findings()).toEqual(['ISTH1332 TrafficSplit/a spec.backends[1].service']);
  });

  it('comes into force with the service that it is for, or the backend that it lacked', () => {
    const { shares, set, remove, findings } = meshOf(trafficSplit('shop/a', 'web', { late: 1 }));
    expect([shares(), findings()]).toEqual([
      [{}],
      ['ISTH1331 TrafficSplit/a spec.backends[0].service', 'ISTH1333 TrafficSplit/a spec.backends'],
    ]);
    set(web('shop/late'));
    expect([shares(), findings()]).toEqual([[{ late: 1 }], []]);
    remove(root);
    expect(findings()).toEqual(['ISTH1330 TrafficSplit/a spec.service']);
  });

  it('may name a backend with weight 0 before it is there, or has the port: rollouts begin so', () => {
    const split = (late: number) => trafficSplit('shop/a', 'web', { web: 100, late, next: 0 });
    const { shares, set, findings } = meshOf(web('shop/web', 90), split(0));
    expect([shares(80), shares(90)]).toEqual([[{ web: 100 }], [{ web: 100 }]]);
    expect(findings()).toEqual([
      'ISTH1347 TrafficSplit/a spec.backends[1].service',
      'ISTH1347 TrafficSplit/a spec.backends[2].service',
    ]);
    set(split(1));
    expect(findings()).toContain('ISTH1331 TrafficSplit/a spec.backends[1].service');
  });

  it('refuses all that it is for where no backend has a weight', () => {
    expect(meshOf(trafficSplit('shop/a', 'web', { web: 0, next: 0 })).shares()).toEqual([{}]);
    expect(meshOf(trafficSplit('shop/a', 'web', {})).shares()).toEqual([{}]);
  });

  it('sends to no backend that goes wherever its caller dials', () => {
    const dialled = serviceEntry('shop/any', {
      hosts: ['any'],
      resolution: 'NONE',
      ports: [{ number: 80, name: 'http' }],
    });
    const { shares, findings } = meshOf(dialled, trafficSplit('shop/a', 'web', { any: 1, next: 1 }));
    expect([shares(), findings()]).toEqual([[{ next: 1 }], ['ISTH1338 TrafficSplit/a spec.backends[0].service']]);
  });

  it('does not pass on to the splits of its backends', () => {
    const { shares } = meshOf(trafficSplit('shop/a', 'web', { next: 1 }), trafficSplit('shop/b', 'next', { web: 1 }));
    expect([shares(), shares(80, 'shop/next.shop.svc.cluster.local')]).toEqual([[{ next: 1 }], [{ web: 1 }]]);
  });
});

describe('several TrafficSplits of one service', () => {
  const gold = routeGroup('shop/gold', { pathRegex: '/gold' }, { pathRegex: '/silver', methods: ['GET'] });
  const beta = routeGroup('shop/beta', { headers: [{ name: 'x-beta', regex: '.+' }] });
  const splits = [
    trafficSplit('shop/a', 'web', { web: 1 }, { created: 1 }),
    trafficSplit('shop/c', 'web', { next: 3 }, { matches: ['gold'], created: 3 }),
    trafficSplit('shop/b', 'web', { next: 4 }, { matches: ['beta'] }),
    trafficSplit('shop/d', 'web', { next: 2 }, { matches: ['beta', 'gold'], created: 2 }),
  ];

  it('are tried by age, those that choose requests first, in whatever order they came', () => {
    const inOrder = [{ next: 2 }, { next: 3 }, { next: 4 }, { web: 1 }];
    expect(meshOf(gold, beta, ...splits).shares()).toEqual(inOrder);
    expect(meshOf(...splits.toReversed(), beta, gold).shares()).toEqual(inOrder);
  });

  it('choose the requests of all their groups together, and none of a group that is not there', () => {
    const { portSplit, findings } = meshOf(
      gold,
      beta,
      trafficSplit('shop/a', 'web', { next: 1 }, { matches: ['gold', 'none', 'beta'] }),
      trafficSplit('shop/b', 'web', { next: 1 }, { matches: ['none'] }),
    );
    expect(portSplit()?.map(({ requests }) => requests)).toEqual([
      [
        { pathRegex: '/gold', methods: [], headers: [] },
        { pathRegex: '/silver', methods: ['GET'], headers: [] },
        { pathRegex: '', methods: [], headers: [{ name: 'x-beta', regex: '.+' }] },
      ],
      [],
    ]);
    expect(findings()).toEqual([
      'ISTH1334 TrafficSplit/a spec.matches[1].name',
      'ISTH1334 TrafficSplit/b spec.matches[0].name',
    ]);
  });

  it('contend for the same requests: the first is in force, and the others are told of', () => {
    const { shares, findings } = meshOf(
      gold,
      beta,
      trafficSplit('shop/b', 'web', { web: 1 }),
      trafficSplit('shop/a', 'web.shop', { next: 1 }),
      trafficSplit('shop/d', 'web', { web: 2 }, { matches: ['gold', 'beta'] }),
      trafficSplit('shop/c', 'web', { next: 2 }, { matches: ['beta', 'gold'] }),
    );
    expect(shares()).toEqual([{ next: 2 }, { next: 1 }]);
    expect(findings()).toEqual(['ISTH1335 TrafficSplit/b spec.service', 'ISTH1335 TrafficSplit/d spec.service']);
  });

  it('choose nothing where no HTTP is spoken', () => {
    const { shares, findings } = meshOf(
      gold,
      web('shop/web', 90),
      trafficSplit('shop/a', 'web', { web: 1 }, { matches: ['gold'] }),
    );
    expect([shares(80), shares(90)]).toEqual([[{ web: 1 }], undefined]);
    expect(findings()).toEqual(['ISTH1336 TrafficSplit/a spec.matches']);
  });
});

describe('a split of a MetaProtocol port', () => {
  const thrift = serviceEntry('shop/orders', {});
  const more = serviceEntry('shop/more', {});
  const split = trafficSplit('shop/a', 'orders.example', { 'orders.example': 1, 'more.example': 2 });
  const of = 'shop/orders.example';
  const routes = (test: ReturnType<typeof meshOf>) => test.service(of)?.ports[0]?.routes?.routes;

  it('gives the weights of its default route', () => {
    const test = meshOf(thrift, more, split);
    expect(routes(test)?.map(sharesOf)).toEqual([{ orders: 1, more: 2 }]);
    expect(test.portSplit(9000, of)).toBeUndefined();
    test.set(trafficSplit('shop/a', 'orders.example', { 'orders.example': 0 }));
    expect(routes(test)?.map(({ destinations }) => destinations)).toEqual([
      [{ destination: { host: 'orders.example', port: 9000, subset: 'no backend' }, weight: 1 }],
    ]);
  });

  it('yields to the routes of a MetaRouter, and a finding says so', () => {
    const route = [{ destination: { host: 'orders.example' } }];
    const test = meshOf(thrift, more, split, metaRouter('shop/r', { hosts: ['orders.example'], routes: [{ route }] }));
    expect(routes(test)?.map(sharesOf)).toEqual([{ orders: 100 }]);
    expect(test.findings()).toContain('ISTH1337 TrafficSplit/a spec.service');
    // One that writes no routes leaves them to the split.
    test.set(metaRouter('shop/r', { hosts: ['orders.example'], routes: [] }));
    expect(routes(test)?.map(sharesOf)).toEqual([{ orders: 1, more: 2 }]);
  });
});

describe('where access is enforced', () => {
  const id = (name: string) => `spiffe://cluster.local/ns/shop/sa/${name}`;
  const entry = (name: string, location: 'MESH_INTERNAL' | 'MESH_EXTERNAL' = 'MESH_INTERNAL') =>
    serviceEntry(`shop/${name}`, {
      hosts: [name],
      location,
      ports: [{ number: 80, name: 'http-web' }],
      endpoints: [{ address: '10.0.0.1', serviceAccount: name }],
    });
  const mayCall = (destination: string, source: string) =>
    trafficTarget(`shop/${destination}`, [{ kind: 'TCPRoute', name: 'all' }], { sources: [account(`shop/${source}`)] });
  const enforced = [
    meshConfig('/mesh', { access: { mode: 'Enforced' } }),
    tcpRoute('shop/all'),
    entry('one'),
    entry('two'),
    entry('three'),
    mayCall('one', 'a'),
    mayCall('two', 'b'),
    mayCall('three', 'c'),
  ];

  it('listeners of a service are for the callers of its backends as well, clusters for their own', () => {
    const { service, set, remove } = meshOf(...enforced, trafficSplit('shop/s', 'one', { two: 1, three: 0 }));
    expect(service('shop/one')).toMatchObject({ security: { callers: [id('a')] }, splitCallers: [id('a'), id('b')] });
    set(mayCall('two', 'd'));
    expect(service('shop/one')?.splitCallers).toEqual([id('a'), id('d')]);
    remove(trafficSplit('shop/s', 'one', {}));
    expect(service('shop/one')?.splitCallers).toBeUndefined();
  });

  it('a backend of which no certificate is asked is for everybody', () => {
    const { service } = meshOf(...enforced, entry('out', 'MESH_EXTERNAL'), trafficSplit('shop/s', 'one', { out: 1 }));
    expect(service('shop/one')?.splitCallers).toBe('any');
  });
});

it('a change of a split, or of an endpoint, touches nothing that does not depend on it', () => {
  const { engine, mesh, set } = meshOf(web('shop/third'), trafficSplit('shop/a', 'web', { web: 1, next: 1 }));
  const changed: string[] = [];
  engine.sink(mesh.meshServices, (diff) => changed.push(...diff.map((change) => change.key)));
  changed.length = 0;
  set(trafficSplit('shop/a', 'web', { web: 2, next: 1 }));
  expect(changed).toEqual([key]);
  set(trafficSplit('shop/a', 'web', { web: 2, next: 1 }, { labels: { changed: 'yes' } }));
  set(trafficSplit('shop/b', 'elsewhere', { web: 2, next: 1 }));
  expect(changed).toEqual([key]);
});
