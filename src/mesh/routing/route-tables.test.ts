import { describe, expect, it } from 'vitest';
import type { CodecAbilities } from '../../model/protocol.ts';
import type { RouteTable } from '../../model/route.ts';
import type { AnyResource, MetaRouter, MetaRouteSpec } from '../../resources/kinds.ts';
import { destinationRule, kubernetesService, metaRouter, serviceEntry, testMesh } from '../mesh-fixture.ts';

const pay = 'pay.shop.svc.cluster.local';
const service = kubernetesService('shop/pay');

/** The table of the service for a MetaRouter, and what was found. */
function tableFor(spec: Omit<MetaRouter['spec'], 'hosts'>, ...others: readonly AnyResource[]) {
  const { mesh, set, findings } = testMesh();
  set(service, metaRouter('shop/pay', { hosts: ['pay'], ...spec }), ...others);
  return { table: mesh.routeTables.get(`shop/${pay}|9000`), findings: findings() };
}

const only = (route: Partial<MetaRouteSpec>) =>
  tableFor({ routes: [{ route: [{ destination: { host: 'pay' } }], ...route }] });
const clusters = (table: RouteTable | undefined) =>
  table?.routes[0]?.destinations.map(({ destination: { host, port, subset }, weight }) => [host, port, subset, weight]);

describe('a MetaProtocol port without routes', () => {
  const defaults = [
    {
      name: 'default',
      match: [],
      destinations: [{ destination: { host: pay, port: 9000, subset: '' }, weight: 100 }],
      requestMutation: [],
      responseMutation: [],
      hashProperties: [],
    },
  ];

  it('sends all requests to its service', () => {
    const { mesh, set } = testMesh();
    set(service);
    expect(mesh.routeTables.get(`shop/${pay}|9000`)?.routes).toEqual(defaults);
  });

  it('does so as well where a MetaRouter only limits', () => {
    const bucket = { maxTokens: 5, tokensPerFill: 5, fillInterval: 1000 };
    const { table } = tableFor({
      localRateLimit: {
        tokenBucket: bucket,
        conditions: [{ match: { attributes: { method: { exact: 'x' } } }, tokenBucket: bucket }],
      },
      globalRateLimit: {
        domain: 'd',
        requestTimeout: 20,
        denyOnFail: true,
        rateLimitService: 'outbound|8081||rls',
        descriptors: [{ property: 'method', descriptorKey: 'm' }],
      },
    });
    const limit = { maxTokens: 5, tokensPerFill: 5, fillIntervalMs: 1000 };
    expect(table).toMatchObject({
      routes: defaults,
      localRateLimit: {
        bucket: limit,
        conditions: [{ match: [{ property: 'method', match: { kind: 'exact', value: 'x' } }], bucket: limit }],
      },
      globalRateLimit: {
        match: [],
        domain: 'd',
        timeoutMs: 20,
        denyOnFail: true,
        cluster: 'outbound|8081||rls',
        descriptors: [{ property: 'method', descriptorKey: 'm' }],
      },
    });
  });

  it('has no table when it is none', () => {
    const { mesh, set } = testMesh();
    set(serviceEntry('shop/x', { ports: [{ number: 1, name: 'tcp-thrift' }] }));
    expect(mesh.routeTables.size).toBe(0);
  });
});

describe('a match', () => {
  it('is sorted by property, and asks for mere presence where it says nothing', () => {
    const attributes = {
      z: { exact: 'a' },
      e: { prefix: 'b' },
      d: { regex: 'c+' },
      c: { regex: '*' },
      b: {},
      a: null,
    };
    expect(only({ match: { attributes } }).table?.routes[0]?.match).toEqual([
      { property: 'a', match: { kind: 'present' } },
      { property: 'b', match: { kind: 'present' } },
      { property: 'c', match: { kind: 'present' } },
      { property: 'd', match: { kind: 'regex', value: 'c+' } },
      { property: 'e', match: { kind: 'prefix', value: 'b' } },
      { property: 'z', match: { kind: 'exact', value: 'a' } },
    ]);
  });
});

describe('destinations', () => {
  const subsets = destinationRule('shop/pay', { host: 'pay', subsets: [{ name: 'v1' }, { name: 'v2' }] });

  it('have full names, their own port or the routed one, and their weights', () => {
    const route = [
      { destination: { host: 'pay', subset: 'v1' }, weight: 90 },
      { destination: { host: 'new.shop', port: { number: 7000 } }, weight: 10 },
    ];
    const other = kubernetesService('shop/new', {
      clusterIPs: [],
      ports: [{ name: 'tcp-metaprotocol-thrift', port: 7000, protocol: 'TCP' }],
    });
    const { table, findings } = tableFor({ routes: [{ name: 'split', route }] }, subsets, other);
    expect(table?.routes[0]?.name).toBe('split');
    expect(clusters(table)).toEqual([
      [pay, 9000, 'v1', 90],
      ['new.shop.svc.cluster.local', 7000, '', 10],
    ]);
    expect(findings).toEqual([]);
  });

  it('that do not exist stay, so that their requests fail, and are told', () => {
    const route = [
      { destination: { host: 'nowhere' }, weight: 1 },
      { destination: { host: 'pay', port: { number: 1 } }, weight: 1 },
      { destination: { host: 'pay', subset: 'v9' }, weight: 1 },
    ];
    const { table, findings } = tableFor({ routes: [{ route }] }, subsets);
    expect(clusters(table)).toEqual([
      ['nowhere.shop.svc.cluster.local', 9000, '', 1],
      [pay, 1, '', 1],
      [pay, 9000, 'v9', 1],
    ]);
    expect(findings).toEqual([
      'ISTH0505 MetaRouter/pay spec.routes[0].route[0].destination.host',
      'ISTH0506 MetaRouter/pay spec.routes[0].route[1].destination.port',
      'ISTH0507 MetaRouter/pay spec.routes[0].route[2].destination.subset',
    ]);
  });

  it('mean the host beside the router, else one that it may see', () => {
    const { mesh, set, remove, findings } = testMesh();
    const own = serviceEntry('shop/own', { hosts: ['h'], ports: [{ number: 7, name: 'tcp' }] });
    set(
      service,
      metaRouter('shop/pay', {
        hosts: ['pay'],
        routes: [{ route: [{ destination: { host: 'h', port: { number: 7 } } }] }],
      }),
      serviceEntry('a/hidden', { hosts: ['h'], exportTo: ['.'], ports: [{ number: 8, name: 'tcp' }] }),
      own,
    );
    const unknown = () => findings().filter((found) => found.startsWith('ISTH050'));
    expect(unknown()).toEqual([]);
    remove(own);
    expect(unknown()).toEqual(['ISTH0505 MetaRouter/pay spec.routes[0].route[0].destination.host']);
    expect(clusters(mesh.routeTables.get(`shop/${pay}|9000`))).toEqual([['h.shop.svc.cluster.local', 7, '', 100]]);
  });

  it('whose weights are all 0 share equally, a single one gets all, and none is no route', () => {
    const to = (weight: number) => ({ destination: { host: 'pay' }, weight });
    expect(clusters(only({ route: [to(0), to(0)] }).table)?.map((cluster) => cluster[3])).toEqual([1, 1]);
    expect(only({ route: [to(0), to(0)] }).findings).toEqual(['ISTH0509 MetaRouter/pay spec.routes[0]']);
    expect(clusters(only({ route: [to(0)] }).table)).toEqual([[pay, 9000, '', 100]]);
    expect(only({ route: [] }).table?.routes).toEqual([]);
  });
});

describe('a mirror', () => {
  it.each([
    [undefined, 100],
    [0, 100],
    [12.5, 12.5],
    [200, 100],
  ])('with the percentage %s copies %d of 100 requests', (value, expected) => {
    const percentage = value === undefined ? {} : { mirrorPercentage: { value } };
    expect(only({ mirror: { host: 'pay' }, ...percentage }).table?.routes[0]?.mirror).toEqual({
      destination: { host: pay, port: 9000, subset: '' },
      percentage: expected,
    });
  });
});

it('mutations are kept in order', () => {
  const { table } = only({
    requestMutation: [
      { key: 'b', value: '1' },
      { key: 'a', value: '2' },
    ],
  });
  expect(table?.routes[0]?.requestMutation.map(({ key }) => key)).toEqual(['b', 'a']);
});

it('requests are hashed by the property that the policy of their destination names', () => {
  const hash = (httpHeaderName: string) => ({ loadBalancer: { consistentHash: { httpHeaderName } } });
  const rule = destinationRule('shop/pay', {
    host: 'pay',
    trafficPolicy: hash('whole'),
    subsets: [{ name: 'own', trafficPolicy: hash('own') }, { name: 'heir' }],
  });
  const route = ['own', 'heir', ''].map((subset) => ({ destination: { host: 'pay', subset }, weight: 1 }));
  const { table } = tableFor({ routes: [{ route }] }, rule);
  expect(table?.routes[0]?.hashProperties).toEqual(['own', 'whole']);
  expect(tableFor({}, rule).table?.routes[0]?.hashProperties).toEqual(['whole']);
});

describe('a MetaRouter', () => {
  const named = (id: string, name: string, extra: Partial<MetaRouter['spec']> = {}, created?: number) =>
    metaRouter(
      id,
      { hosts: [pay], routes: [{ name, route: [{ destination: { host: pay } }] }], ...extra },
      created === undefined ? {} : { created },
    );

  it('of several for one host the one beside the service holds, and the others are told', () => {
    const { mesh, set, remove, findings } = testMesh();
    const name = () => mesh.routeTables.get(`shop/${pay}|9000`)?.routes[0]?.name;
    set(service, named('a/old', 'far', {}, 1), named('shop/z', 'z', {}, 5), named('shop/a', 'a'));
    expect(name()).toBe('z');
    expect(findings()).toEqual(['ISTH0501 MetaRouter/a', 'ISTH0501 MetaRouter/old']);
    remove(named('shop/z', ''), named('shop/a', ''));
    expect(name()).toBe('far');
  });

  it('of another namespace holds only if it is exported, and is told otherwise', () => {
    const { mesh, set, findings } = testMesh();
    set(service, named('a/own', 'far', { exportTo: ['.'] }));
    expect(mesh.routeTables.get(`shop/${pay}|9000`)?.routes[0]?.name).toBe('default');
    expect(findings()).toEqual(['ISTH0504 MetaRouter/own']);
  });

  it('is told of an unknown host, and of a host that it cannot route', () => {
    const { set, findings } = testMesh();
    set(
      service,
      kubernetesService('shop/web', { clusterIPs: [], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }),
      metaRouter('shop/unknown', { hosts: ['nowhere.example'] }),
      metaRouter('shop/web', { hosts: ['web'] }),
    );
    expect(findings()).toEqual(['ISTH0503 MetaRouter/unknown', 'ISTH0508 MetaRouter/web']);
  });
});

describe('rules that the codec of a protocol cannot meet', () => {
  const rule = {
    routes: [
      {
        match: { attributes: { cmdd: { exact: '1' } } },
        route: [{ destination: { host: 'pay' } }],
        requestMutation: [{ key: 'k', value: 'v' }],
      },
      { match: { attributes: { cmd: { exact: '1' } } }, route: [{ destination: { host: 'pay' } }] },
    ],
    localRateLimit: {
      conditions: [
        {
          match: { attributes: { method: null } },
          tokenBucket: { maxTokens: 1, tokensPerFill: 1, fillInterval: 1000 },
        },
      ],
    },
  };

  const able: CodecAbilities = { mutates: true, sharesConnections: false, whyNotSettable: () => undefined };

  it('that would fail each request are told by their path, with the reason', () => {
    const whyNotSettable = (_: string, key: string) => (key === 'tenant' ? undefined : `There is no tag ${key}.`);
    const { set, engine } = testMesh({ validate: true }, () => ({ ...able, whyNotSettable }));
    const route = [{ destination: { host: 'pay' } }];
    const requestMutation = [
      { key: 'tenant', value: 'a' },
      { key: 'nosuch', value: 'b' },
    ];
    set(service, metaRouter('shop/pay', { hosts: ['pay'], routes: [{ route, requestMutation }] }));
    expect([...engine.findings.values()].map(({ code, path, message }) => [code, path, message])).toEqual([
      [
        'ISTH0510',
        'spec.routes[0].requestMutation[1]',
        'Every thrift request of the route fails: There is no tag nosuch.',
      ],
    ]);
  });

  it('are told by their path', () => {
    const { set, findings } = testMesh({ validate: true }, () => ({ ...able, properties: ['cmd'], mutates: false }));
    set(service, metaRouter('shop/pay', { hosts: ['pay'], ...rule }));
    expect(findings()).toEqual([
      'ISTH0510 MetaRouter/pay spec.localRateLimit.conditions[0].match.attributes[method]',
      'ISTH0510 MetaRouter/pay spec.routes[0].match.attributes[cmdd]',
      'ISTH0510 MetaRouter/pay spec.routes[0].requestMutation',
    ]);
  });

  it('are not guessed at for a codec that only proxies know, or whose properties are open', () => {
    for (const abilities of [undefined, able]) {
      const { set, findings } = testMesh({ validate: true }, () => abilities);
      set(service, metaRouter('shop/pay', { hosts: ['pay'], ...rule }));
      expect(findings()).toEqual([]);
    }
  });
});
