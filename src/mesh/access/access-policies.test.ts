import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meshConfig } from '../mesh-fixture.ts';
import { meaningOf } from '../status/finding-meanings.ts';
import {
  account,
  binding,
  identityBinding,
  routeGroup,
  type TestAccess,
  tcpRoute,
  testAccess,
  trafficTarget,
  udpRoute,
} from './access-fixture.ts';

const spiffe = (id: string, domain = 'cluster.local') => `spiffe://${domain}/ns/${id.replace('/', '/sa/')}`;
const ruleOf = ({ policies }: TestAccess, id = 'shop/books') => policies.get(spiffe(id))?.rules[0];
const all = { kind: 'HTTPRouteGroup', name: 'group' } as const;
const tcp = { kind: 'TCPRoute', name: 'tcp' } as const;
const any = { pathRegex: '', methods: [], headers: [] };

describe('a TrafficTarget', () => {
  it('says that it keeps nobody out while access is disabled, and is not enforced then', () => {
    const access = testAccess('Disabled');
    access.set(trafficTarget('shop/books', [tcp]), tcpRoute('shop/tcp'));
    expect(access.findings()).toEqual(['ISTH1351 shop/books']);
    expect([...access.engine.findings.values()].map(meaningOf)).toEqual(['loss']);
  });

  it('says that it keeps nobody of the mesh out while access is permissive, and is not enforced then either', () => {
    const access = testAccess('Permissive');
    access.set(trafficTarget('shop/books', [tcp]), tcpRoute('shop/tcp'));
    expect(access.findings()).toEqual(['ISTH1354 shop/books']);
    expect([...access.engine.findings.values()].map(meaningOf)).toEqual(['loss']);
  });

  it('permits its sources, by their SPIFFE ids in the trust domain of the mesh', () => {
    const access = testAccess();
    const sources = [account('shop/z'), account('far/a'), account('shop/z')];
    access.set(trafficTarget('shop/books', [tcp], { sources }), tcpRoute('shop/tcp'));
    expect([...access.policies.values()]).toEqual([
      {
        key: spiffe('shop/books'),
        rules: [
          {
            object: { kind: 'TrafficTarget', namespace: 'shop', name: 'books' },
            sources: [spiffe('far/a'), spiffe('shop/z')],
            ports: 'any',
            requests: 'any',
          },
        ],
      },
    ]);
    access.set(meshConfig('root/mesh', { trustDomain: 'corp' }));
    expect(ruleOf(access)).toBeUndefined();
    expect(access.policies.get(spiffe('shop/books', 'corp'))?.rules[0]?.sources).toEqual([
      spiffe('far/a', 'corp'),
      spiffe('shop/z', 'corp'),
    ]);
    expect(access.findings()).toEqual([]);
  });

  it('permits all matches of a group of which it names none, and else those that it names', () => {
    const access = testAccess();
    const group = routeGroup(
      'shop/group',
      { name: 'read', pathRegex: '/books', methods: ['GET'] },
      { name: 'buy', headers: [{ name: 'client', regex: 'x' }] },
      { name: 'read', pathRegex: '/authors' },
    );
    access.set(group, trafficTarget('shop/books', [all]), trafficTarget('shop/more', [{ ...all, matches: ['read'] }]));
    expect(ruleOf(access)?.requests).toEqual([
      { pathRegex: '/books', methods: ['GET'], headers: [] },
      { pathRegex: '', methods: [], headers: [{ name: 'client', regex: 'x' }] },
      { pathRegex: '/authors', methods: [], headers: [] },
    ]);
    expect(ruleOf(access, 'shop/more')?.requests).toEqual([
      { pathRegex: '/books', methods: ['GET'], headers: [] },
      { pathRegex: '/authors', methods: [], headers: [] },
    ]);
  });

  it('is narrowed to the ports of its TCPRoutes together, and to the port that it names itself', () => {
    const access = testAccess();
    const two = { kind: 'TCPRoute', name: 'two' } as const;
    const portsWith = (spec: { port?: number }, ...rules: (typeof tcp | typeof two | typeof all)[]) => {
      access.set(trafficTarget('shop/books', rules, spec));
      return ruleOf(access)?.ports;
    };
    access.set(routeGroup('shop/group', {}), tcpRoute('shop/tcp', 443, 80), tcpRoute('shop/two', 80, 8080));
    expect(portsWith({}, all)).toBe('any');
    expect(portsWith({}, all, tcp)).toEqual([80, 443]);
    expect(ruleOf(access)?.requests).toEqual([any]);
    expect(portsWith({}, tcp, two)).toEqual([80, 443, 8080]);
    expect(portsWith({ port: 80 }, all)).toEqual([80]);
    expect(portsWith({ port: 443 }, tcp, two)).toEqual([443]);
    expect(access.findings()).toEqual([]);
    expect(portsWith({ port: 90 }, tcp)).toBeUndefined();
    access.set(tcpRoute('shop/two'));
    expect(portsWith({}, tcp, two)).toBe('any');
    expect(portsWith({ port: 90 }, tcp, two)).toEqual([90]);
  });

  it('speaks only for workloads of its own namespace', () => {
    const access = testAccess();
    access.set(
      tcpRoute('evil/tcp'),
      identityBinding('evil/them', { spiffeIdentities: [spiffe('shop/books')] }),
      trafficTarget('evil/a', [tcp], { destination: account('shop/books') }),
      trafficTarget('evil/b', [tcp], { destination: binding('evil/them') }),
    );
    expect(access.policies.size).toBe(0);
    expect(access.findings()).toEqual([
      'ISTH1301 evil/a spec.destination.namespace',
      'ISTH1301 evil/b spec.destination',
      'ISTH1307 evil/a',
      'ISTH1307 evil/b',
    ]);
  });

  it('of UDP is told to be without effect, and opens no TCP port', () => {
    const access = testAccess();
    const udp = { kind: 'UDPRoute', name: 'udp' } as const;
    access.set(
      udpRoute('shop/udp', 53),
      tcpRoute('shop/tcp', 80),
      trafficTarget('shop/books', [udp]),
      trafficTarget('shop/both', [udp, tcp]),
    );
    expect(ruleOf(access)).toBeUndefined();
    expect(ruleOf(access, 'shop/both')?.ports).toEqual([80]);
    expect(access.findings()).toEqual([
      'ISTH1306 shop/books spec.rules[0].name',
      'ISTH1306 shop/both spec.rules[0].name',
    ]);
  });
});

describe('an IdentityBinding', () => {
  const access = testAccess();
  access.set(
    tcpRoute('shop/tcp'),
    identityBinding('far/them', { serviceAccount: 'a', spiffeIdentities: ['spiffe://other/x', 'federated/y'] }),
    identityBinding('shop/mine', { serviceAccount: 'books' }),
    identityBinding('shop/pods', { podLabels: {} }),
  );

  it('stands for its service account and its SPIFFE ids, with or without their scheme', () => {
    access.set(trafficTarget('shop/x', [tcp], { sources: [binding('far/them')], destination: binding('shop/mine') }));
    expect(ruleOf(access)?.sources).toEqual([
      'spiffe://cluster.local/ns/far/sa/a',
      'spiffe://federated/y',
      'spiffe://other/x',
    ]);
    expect(access.findings()).toEqual([]);
  });

  it('that selects pods as well as a service account stands for the service account alone', () => {
    access.set(
      identityBinding('shop/printed', {
        podLabels: { app: 'a' },
        serviceAccount: 'books',
        spiffeIdentities: ['other/x'],
      }),
      trafficTarget('shop/x', [tcp], { sources: [binding('shop/printed')], destination: binding('shop/mine') }),
    );
    expect(ruleOf(access)?.sources).toEqual([spiffe('shop/books'), 'spiffe://other/x']);
    expect(access.findings()).toEqual(['ISTH1303 shop/x spec.sources[0]']);
  });

  it('that selects pods or is not there stands for nobody, never for everybody', () => {
    access.set(trafficTarget('shop/x', [tcp], { sources: [binding('shop/pods'), binding('shop/gone')] }));
    expect(ruleOf(access, 'shop/x')).toBeUndefined();
    expect(access.findings()).toEqual([
      'ISTH1302 shop/x spec.sources[1]',
      'ISTH1303 shop/x spec.sources[0]',
      'ISTH1307 shop/x',
    ]);
    access.set(identityBinding('shop/gone', { serviceAccount: 'here' }));
    expect(ruleOf(access, 'shop/x')?.sources).toEqual([spiffe('shop/here')]);
  });
});

describe('what is empty or missing closes', () => {
  it.each<[string, Parameters<typeof trafficTarget>[1], Parameters<typeof trafficTarget>[2], string[]]>([
    ['no rules', [], {}, []],
    ['no sources', [tcp], { sources: [] }, []],
    ['a group without a match', [{ kind: 'HTTPRouteGroup', name: 'empty' }], {}, []],
    ['an empty list of matches', [{ ...all, matches: [] }], {}, []],
    ['an unknown match', [{ ...all, matches: ['gone'] }], {}, ['ISTH1305 shop/books spec.rules[0].matches[0]']],
    ['an unknown group', [{ kind: 'HTTPRouteGroup', name: 'gone' }], {}, ['ISTH1304 shop/books spec.rules[0].name']],
    [
      'an unknown group beside a TCPRoute',
      [tcp, { kind: 'HTTPRouteGroup', name: 'gone' }],
      {},
      ['ISTH1304 shop/books spec.rules[1].name'],
    ],
    [
      'an unknown TCPRoute beside a group',
      [all, { kind: 'TCPRoute', name: 'gone' }],
      {},
      ['ISTH1304 shop/books spec.rules[1].name'],
    ],
    [
      'a group of another namespace',
      [{ kind: 'HTTPRouteGroup', name: 'far' }],
      {},
      ['ISTH1304 shop/books spec.rules[0].name'],
    ],
  ])('%s', (_, rules, spec, findings) => {
    const access = testAccess();
    access.set(tcpRoute('shop/tcp'), routeGroup('shop/group', { name: 'a' }), routeGroup('shop/empty'));
    access.set(routeGroup('far/far', {}), trafficTarget('shop/books', rules, spec));
    expect(access.policies.size).toBe(0);
    expect(access.findings()).toEqual([...findings, 'ISTH1307 shop/books']);
  });

  it('leaves open what is well beside it', () => {
    const access = testAccess();
    const gone = { kind: 'HTTPRouteGroup', name: 'gone' } as const;
    access.set(routeGroup('shop/group', { name: 'a', pathRegex: '/a' }));
    access.set(trafficTarget('shop/books', [gone, { ...all, matches: ['a', 'b'] }]));
    expect(ruleOf(access)?.requests).toEqual([{ ...any, pathRegex: '/a' }]);
    expect(access.findings()).toEqual([
      'ISTH1304 shop/books spec.rules[0].name',
      'ISTH1305 shop/books spec.rules[1].matches[1]',
    ]);
  });
});

describe('the policy of a workload', () => {
  it('holds the rules of all targets for it, in the order of their names, however they came', () => {
    const targets = ['shop/b', 'shop/a', 'shop/c'].map((id) =>
      trafficTarget(id, [tcp], { destination: account('shop/books') }),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray([...targets, tcpRoute('shop/tcp')], { minLength: 4 }), (resources) => {
        const access = testAccess();
        for (const one of resources) access.set(one);
        const names = access.policies.get(spiffe('shop/books'))?.rules.map(({ object }) => object.name);
        expect(names).toEqual(['a', 'b', 'c']);
      }),
      { numRuns: 20 },
    );
  });

  it('goes with its last target', () => {
    const access = testAccess();
    const target = trafficTarget('shop/books', [tcp]);
    access.set(tcpRoute('shop/tcp'), target);
    expect(access.policies.size).toBe(1);
    access.remove(target);
    expect(access.policies.size).toBe(0);
  });

  it('is all that is looked at again when one of a thousand targets, groups or routes changes', () => {
    const access = testAccess();
    const many = Array.from({ length: 1000 }, (_, at) => [
      routeGroup(`shop/g${at}`, { name: 'a' }),
      trafficTarget(`shop/t${at}`, [{ kind: 'HTTPRouteGroup', name: `g${at}` }]),
    ]);
    access.set(...many.flat());
    access.set(routeGroup('shop/g500', { name: 'a', pathRegex: '/x' }));
    expect(access.policies.get(spiffe('shop/t500'))?.rules[0]?.requests).toEqual([{ ...any, pathRegex: '/x' }]);
    const recomputed = (name: string) => access.engine.describe().find((node) => node.name === name)?.recomputedKeys;
    expect(recomputed('traffic target rules')).toEqual(['TrafficTarget/shop/t500']);
    expect(recomputed('access policies')).toEqual([spiffe('shop/t500')]);
  });
});
