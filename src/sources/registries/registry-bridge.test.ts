import { describe, expect, it } from 'vitest';
import type { RegistryInstance, RegistryService } from '../../model/registry.ts';
import { TestClock } from '../../model/test-clock.ts';
import type { ServiceRegistry } from '../../resources/kinds.ts';
import { testRegistry } from '../../resources/service-registry-fixture.ts';
import { HeededReleases, releaseOf } from './heeded-releases.ts';
import { RegistryBridge, type RegistryChange } from './registry-bridge.ts';
import type { RegistryAnswer } from './registry-client.ts';

function instance(n: number, changed: Partial<RegistryInstance> = {}): RegistryInstance {
  return {
    id: `i${n}`,
    address: `10.0.0.${n}`,
    ports: [{ name: '', number: 8080, protocol: 'grpc' }],
    health: 'up',
    isolated: false,
    locality: { region: '', zone: '', subzone: '' },
    metadata: {},
    ...changed,
  };
}

function service(name: string, ...instances: readonly RegistryInstance[]): RegistryService {
  return { namespace: 'prod', group: '', name, metadata: {}, instances, isProtected: false };
}

const listed = (...names: readonly string[]): RegistryAnswer => ({
  kind: 'services',
  scope: 'prod',
  trust: 'complete',
  services: names.map((name) => ({ namespace: 'prod', group: '', name })),
});
const said = (one: RegistryService, trust: 'complete' | 'partial' = 'complete'): RegistryAnswer => ({
  kind: 'service',
  service: one,
  trust,
});

function bridge(spec: Partial<ServiceRegistry['spec']> = {}, known: RegistryBridge | undefined = undefined) {
  const clock = new TestClock();
  const changes: RegistryChange[] = [];
  const releases = new HeededReleases();
  const one = new RegistryBridge({
    releases,
    registry: testRegistry(spec),
    known: known?.current() ?? [],
    own: { ranges: ['240.241.0.0/16'], places: ['10.0.9.9:8080', '[fd00::1]:8080'] },
    clock,
    onChange: (batch) => changes.push(...batch),
  });
  one.expect(['prod']);
  return {
    bridge: one,
    clock,
    changes,
    releases,
    /** As the writer does when it is asked; what the others are told. */
    release: (key?: string) => {
      const named = releaseOf(one.losses(key), { at: clock.now(), holdMs: one.holdMs, by: 'here' });
      releases.heed(named);
      return { named, released: one.release() };
    },
    say: (...answers: readonly RegistryAnswer[]) => one.accept(answers),
    shown: () =>
      Object.fromEntries(
        [...one.current()].map(({ name, instances }) => [name, instances.map(({ id }) => id).join(' ')] as const),
      ),
    codes: () => one.findings().map(({ code }) => code),
  };
}

const four = [1, 2, 3, 4].map((n) => instance(n));

it('takes what is complete as such, and says what of it cannot be taken', () => {
  const doubts = [{ cause: 'unreadable', text: '1 instance can be read as no registration' } as const];
  const one = bridge();
  one.say(listed('a'), said(service('a', instance(1), instance(2))));
  const list = { kind: 'services', scope: 'prod', services: [service('a')], trust: 'complete', doubts } as const;
  one.say(list, { kind: 'service', service: service('a', instance(1)), trust: 'complete', doubts });
  expect([one.shown(), one.codes(), one.bridge.isSeen]).toEqual([{ a: 'i1' }, ['ISTH1017', 'ISTH1017'], true]);
  one.say(listed('a'), said(service('a', instance(1))));
  expect(one.codes()).toEqual([]);
});

it('keeps the host and namespace that an instance named first, whatever later ones say, over restarts', () => {
  const naming = (n: number, host: string) => instance(n, { metadata: { 'asm-serviceentry': host } });
  const first = bridge();
  first.say(listed('a'), said(service('a', instance(1))));
  const namesOf = (one: typeof first) => [...one.bridge.current()].map(({ firstNames }) => firstNames);
  expect(namesOf(first)).toEqual([undefined]);
  first.say(said(service('a', instance(1), naming(2, 'a.mesh'))));
  first.say(said(service('a', naming(1, 'b.mesh'), instance(2))));
  expect(namesOf(first)).toEqual([{ 'asm-serviceentry': 'a.mesh' }]);
  const second = bridge({}, first.bridge);
  second.say(listed('a'), said(service('a', naming(1, 'b.mesh'), instance(2))));
  expect(namesOf(second)).toEqual([{ 'asm-serviceentry': 'a.mesh' }]);
});

describe('a registry that is seen', () => {
  it('is live once every listed service has been read, and what is in force is canonical', () => {
    const { say, bridge: one, shown, changes } = bridge();
    expect(one.state).toBe('syncing');
    say(listed('a', 'b'));
    say(said(service('a', instance(2), instance(1))));
    expect(one.state).toBe('syncing');
    say(said(service('b')));
    expect(one.state).toBe('live');
    expect(shown()).toEqual({ a: 'i1 i2', b: '' });
    const count = changes.length;
    say(listed('b', 'a'), said(service('a', instance(1), instance(2))), said(service('b')));
    expect(changes).toHaveLength(count);
  });

  it('removes a service without instances that stays absent for the grace, and not before', () => {
    const { say, shown, clock } = bridge();
    say(listed('a', 'b', 'c', 'd'), ...['a', 'b', 'c', 'd'].map((name) => said(service(name))));
    say(listed('a', 'b', 'c'));
    clock.advance(59_000);
    expect(Object.keys(shown())).toEqual(['a', 'b', 'c', 'd']);
    clock.advance(1_000);
    expect(Object.keys(shown())).toEqual(['a', 'b', 'c']);
  });

  it('keeps a service that comes back within the grace', () => {
    const { say, shown, clock } = bridge();
    say(listed('a', 'b', 'c', 'd'), ...['a', 'b', 'c', 'd'].map((name) => said(service(name, instance(1)))));
    say({ kind: 'absent', service: service('d') });
    clock.advance(30_000);
    say(listed('a', 'b', 'c', 'd'));
    clock.advance(120_000);
    expect(Object.keys(shown())).toEqual(['a', 'b', 'c', 'd']);
  });

  it('replaces instances at once where others take their place', () => {
    const { say, shown } = bridge();
    say(listed('a'), said(service('a', ...four)));
    say(said(service('a', instance(5), instance(6), instance(7), instance(8))));
    expect(shown()).toEqual({ a: 'i5 i6 i7 i8' });
  });

  it('says which port number a service got first, and keeps it', () => {
    const { say, bridge: one } = bridge();
    const at = (n: number, number: number) => instance(n, { ports: [{ name: '', number, protocol: 'grpc' }] });
    say(listed('a'), said(service('a', at(1, 8082), at(2, 8081), at(3, 8081))));
    say(said(service('a', at(1, 9000), at(2, 9000), at(3, 9000))));
    expect([...one.current()][0]?.firstPorts).toEqual({ grpc: { number: 8081, protocol: 'grpc' } });
  });
});

describe('what is told of a registry', () => {
  it('counts services and instances as they are in force', () => {
    const { say, bridge: one, clock } = bridge();
    const counts = () => [one.status().services, one.status().instances];
    say(listed('a', 'b', 'c', 'd'), ...['a', 'b', 'c', 'd'].map((name) => said(service(name, ...four))));
    expect(counts()).toEqual([4, 16]);
    say(said(service('a', instance(1), instance(2), instance(3))));
    expect(counts()).toEqual([4, 15]);
    say(listed('a', 'b', 'c'));
    clock.advance(600_000);
    expect(counts()).toEqual([3, 11]);
    expect([bridge({}, one).bridge.status().instances]).toEqual([11]);
  });

  it('names who asks the registry itself for a service, as long as they do', () => {
    const { say, bridge: one } = bridge();
    const callers = (...names: readonly string[]): RegistryAnswer => ({
      kind: 'callers',
      service: { namespace: 'prod', group: '', name: 'a' },
      callers: names,
    });
    say(listed('a'), said(service('a', ...four)), callers('10.0.9.2', '10.0.9.1', '10.0.9.2'));
    expect(one.callersOf('polaris/prod//a')).toEqual(['10.0.9.1', '10.0.9.2']);
    say(callers());
    expect(one.callersOf('polaris/prod//a')).toEqual([]);
  });
});

describe('a registry that loses much at once', () => {
  it('keeps instances until the hold time is over', () => {
    const { say, shown, clock, codes } = bridge();
    say(listed('a'), said(service('a', ...four)));
    say(said(service('a', instance(1))));
    expect(shown()).toEqual({ a: 'i1 i2 i3 i4' });
    expect(codes()).toEqual(['ISTH1005']);
    clock.advance(599_000);
    expect(shown()).toEqual({ a: 'i1 i2 i3 i4' });
    clock.advance(1_000);
    expect(shown()).toEqual({ a: 'i1' });
    expect(codes()).toEqual([]);
  });

  it('keeps them in small portions too', () => {
    const { say, shown } = bridge();
    say(listed('a'), said(service('a', ...four)));
    for (const left of [3, 2, 1, 0]) say(said(service('a', ...four.slice(0, left))));
    expect(shown()).toEqual({ a: 'i1 i2' });
  });

  it('takes what it says of the others, and all when it takes the loss back', () => {
    const { say, shown, bridge: one, codes } = bridge();
    say(listed('a'), said(service('a', ...four)));
    say(said(service('a', instance(1, { health: 'down' }))));
    expect([...one.current()][0]?.instances[0]?.health).toBe('down');
    say(said(service('a', ...four, instance(5))));
    expect(shown()).toEqual({ a: 'i1 i2 i3 i4 i5' });
    expect(codes()).toEqual([]);
  });

  it('keeps a service that vanishes with its instances until the hold time is over or somebody releases it', () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const isReleased of [false, true]) {
      const { say, shown, clock, codes, release } = bridge();
      say(listed(...names), ...names.map((name) => said(service(name, ...four))));
      say({ kind: 'absent', service: service('d') }, listed('a', 'b', 'c'));
      clock.advance(59_999);
      expect(codes()).toEqual([]);
      clock.advance(1);
      expect(codes()).toEqual(['ISTH1005']);
      if (isReleased) expect(release('polaris/prod//d').released).toEqual(['polaris/prod//d']);
      else {
        clock.advance(539_999);
        expect(shown().d).toBe('i1 i2 i3 i4');
        clock.advance(1);
      }
      expect(Object.keys(shown())).toEqual(['a', 'b', 'c']);
      expect(codes()).toEqual([]);
    }
  });

  it('lets a service go with its instances after the grace, where all may be lost at once', () => {
    const safety = { ...testRegistry().spec.safety, maxLostInstances: 100 };
    const { say, shown, clock } = bridge({ safety });
    say(listed('a', 'b', 'c', 'd'), ...['a', 'b', 'c', 'd'].map((name) => said(service(name, ...four))));
    say(listed('a', 'b', 'c'));
    clock.advance(60_000);
    expect(Object.keys(shown())).toEqual(['a', 'b', 'c']);
  });

  it('keeps all its services when it comes back empty, until the hold time is over or somebody releases them', () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const isReleased of [false, true]) {
      const { say, shown, clock, codes, release } = bridge();
      say(listed(...names), ...names.map((name) => said(service(name, instance(1)))));
      say(listed());
      clock.advance(60_000);
      expect(Object.keys(shown())).toEqual(names);
      expect(codes()).toEqual(names.map(() => 'ISTH1005'));
      if (isReleased) expect(release().released).toHaveLength(4);
      else clock.advance(600_000);
      expect(shown()).toEqual({});
      expect(codes()).toEqual([]);
    }
  });
});

describe('a registry that is not seen', () => {
  it('removes nothing by an answer in part', () => {
    const { say, shown, codes, clock } = bridge();
    const denied = { cause: 'withheld', text: 'filtered by ACLs' } as const;
    say(listed('a', 'b'), said(service('a', ...four)), said(service('b', instance(1))));
    say({ kind: 'services', scope: 'prod', trust: 'partial', services: [], doubts: [denied] });
    say(said(service('a', instance(1), instance(5)), 'partial'));
    clock.advance(3_600_000);
    expect(shown()).toEqual({ a: 'i1 i2 i3 i4 i5', b: 'i1' });
    expect(codes()).toEqual(['ISTH1016', 'ISTH1004']);
  });

  it.each([
    ['unsettled', 'ISTH1004', 'passes by itself'],
    ['withheld', 'ISTH1016', 'spec.credentials'],
    ['unreadable', 'ISTH1017', 'delete these entries'],
    ['unsupported', 'ISTH1018', 'MetaRouter'],
    ['bounded', 'ISTH1019', 'trust.maxServices'],
    ['absent', 'ISTH1020', 'spec.select.namespaces'],
  ] as const)('says how what is %s is mended, and of nothing else', (cause, code, remedy) => {
    const { say, bridge: one } = bridge();
    say({ kind: 'services', scope: 'prod', trust: 'partial', services: [], doubts: [{ cause, text: 'so it is' }] });
    expect(one.findings()).toMatchObject([
      { code, message: 'prod: so it is.', remedy: expect.stringContaining(remedy) },
    ]);
  });

  it('says each of several reasons with its own remedy, and all of them in its status', () => {
    const { say, bridge: one, codes } = bridge();
    const doubts = [
      { cause: 'withheld', text: '/a may not be read' },
      { cause: 'bounded', text: 'there is more' },
    ] as const;
    say({ kind: 'services', scope: 'prod', trust: 'partial', services: [], doubts });
    expect([codes(), one.status().reason]).toEqual([['ISTH1016', 'ISTH1019'], '/a may not be read; there is more']);
    say(listed());
    expect([codes(), one.status().reason]).toEqual([[], '']);
  });

  it('says whether its server, its file or its options are to be looked into', () => {
    const remedyOf = (spec: Partial<ServiceRegistry['spec']>, isRefused?: true) => {
      const { say, bridge: one } = bridge(spec);
      say({ kind: 'unavailable', reason: 'so it is', ...(isRefused === undefined ? {} : { isRefused }) });
      return one.findings().map(({ code, remedy }) => `${code} ${remedy}`);
    };
    expect(remedyOf({ type: 'Etcd' })).toEqual([expect.stringMatching(/^ISTH1003 .*credentials and network/)]);
    expect(remedyOf({ type: 'Etcd' }, true)).toEqual([expect.stringMatching(/^ISTH1021 Correct spec\.options/)]);
    expect(remedyOf({ type: 'Snapshot' })).toEqual([expect.stringMatching(/^ISTH1003 Correct the file/)]);
  });

  it('says once what holds for many services', () => {
    const { say, bridge: one } = bridge();
    const names = Array.from({ length: 30 }, (_, n) => `s${n}`);
    say(listed(...names), ...names.map((name) => said(service(name, ...four), 'partial')));
    expect(one.findings().map(({ message }) => message)).toEqual([
      '30 services, such as prod/s0, prod/s1, prod/s2: not all instances are shown.',
    ]);
  });

  it('removes nothing of what it said before it was lost, and begins to count anew', () => {
    const { say, shown, clock, codes } = bridge();
    const names = ['a', 'b', 'c', 'd'];
    say(listed(...names), ...names.map((name) => said(service(name, ...four))));
    say(listed('a', 'b', 'c'), said(service('a', instance(1))));
    say({ kind: 'unavailable', reason: 'connection refused' });
    clock.advance(3_600_000);
    expect(shown()).toEqual(Object.fromEntries(names.map((name) => [name, 'i1 i2 i3 i4'])));
    expect(codes()).toEqual(['ISTH1003']);
    say(listed('a', 'b', 'c'));
    clock.advance(599_000);
    expect(Object.keys(shown())).toEqual(names);
    clock.advance(1_000);
    expect(Object.keys(shown())).toEqual(['a', 'b', 'c']);
  });

  it('holds what is missing in the part that cannot be seen, and no other part', () => {
    const { say, shown, clock, bridge: one } = bridge();
    const inTest = (...names: readonly string[]): RegistryAnswer => ({
      kind: 'services',
      scope: 'test',
      trust: 'complete',
      services: names.map((name) => ({ namespace: 'test', group: '', name })),
    });
    const empty = (name: string, namespace: string) => said({ ...service(name), namespace });
    one.expect(['prod', 'test']);
    say(
      listed('a', 'b'),
      empty('a', 'prod'),
      empty('b', 'prod'),
      inTest('c', 'd'),
      empty('c', 'test'),
      empty('d', 'test'),
    );
    say({ kind: 'unavailable', scope: 'test', reason: 'no datacenter of that name answers' });
    say({ kind: 'absent', service: { namespace: 'test', group: '', name: 'c' } }, listed('a'));
    clock.advance(3_600_000);
    expect(Object.keys(shown())).toEqual(['a', 'c', 'd']);
    expect(one.state).toBe('stale');
    say(inTest('d'));
    clock.advance(3_600_000);
    expect(Object.keys(shown())).toEqual(['a', 'd']);
  });

  it('is served from the records of an earlier run', () => {
    const earlier = bridge();
    earlier.say(listed('a'), said(service('a', ...four)));
    const { shown, clock, codes, bridge: one } = bridge({}, earlier.bridge);
    one.accept([{ kind: 'unavailable', reason: 'no route to host' }]);
    clock.advance(3_600_000);
    expect(shown()).toEqual({ a: 'i1 i2 i3 i4' });
    expect(one.state).toBe('stale');
    expect(codes()).toEqual(['ISTH1003', 'ISTH1010']);
  });
});

describe('a registry that lies', () => {
  it.each([
    ['loopback', { address: '127.0.0.1' }],
    ['the metadata address of clouds', { address: '169.254.169.254' }],
    ['a virtual IP', { address: '240.241.0.9' }],
    ['IPv4 in IPv6', { address: '::ffff:127.0.0.1' }],
    ['where the control plane listens', { address: '10.0.9.9' }],
    ['where the control plane listens, in IPv6', { address: 'fd00::1' }],
    ['a name', { address: 'localhost' }],
    ['nonsense', { address: '10.0.0.1\n' }],
    ['IPv4 in IPv6, in its old form', { address: '::7f00:1' }],
    ['loopback behind NAT64', { address: '64:ff9b::7f00:1' }],
    ['the metadata address behind NAT64', { address: '64:ff9b::a9fe:a9fe' }],
    ['a weight below 0', { weight: -5 }],
    ['a weight beyond all', { weight: 1e300 }],
    ['no number as weight', { weight: Number.NaN }],
    ['port 65536', { ports: [{ name: '', number: 65_536, protocol: '' }] }],
    ['half a port', { ports: [{ name: '', number: 80.5, protocol: '' }] }],
    ['port 0', { ports: [{ name: '', number: 0, protocol: '' }] }],
    ['no port', { ports: [] }],
    ['a book as metadata', { metadata: { book: 'x'.repeat(20_000) } }],
  ])('with %s is refused that instance, and no other', (_, changed) => {
    const { say, shown, codes } = bridge();
    say(listed('a'), said(service('a', instance(1), instance(2, changed))));
    expect(shown()).toEqual({ a: 'i1' });
    expect(codes()).toEqual(['ISTH1006']);
  });

  it('of which nothing is left says that nobody answers at its address, how many were refused, and what would let them in', () => {
    const { say, bridge: one } = bridge();
    const local = (n: number) => instance(n, { address: `127.0.0.${n}` });
    say(listed('a', 'b'), said(service('a', local(1), local(2))), said(service('b', local(1), instance(2))));
    expect(['a', 'b', 'c'].map((name) => one.refusedOf(`polaris/prod//${name}`))).toEqual([2, 1, 0]);
    const [nothingLeft, someLeft] = one.findings();
    expect(nothingLeft).toMatchObject({
      code: 'ISTH1006',
      message: expect.stringMatching(/^prod\/a: all 2 of its instances are refused.* nobody answers/),
      remedy: expect.stringContaining('spec.trust.addresses'),
    });
    expect(someLeft?.message).toMatch(/^prod\/b: instance i1 has/);
    say(said(service('a', instance(1))), said(service('b', instance(2))));
    expect([one.findings(), one.refusedOf('polaris/prod//a')]).toEqual([[], 0]);
  });

  it('may use an address that its trust names in so many words, beside all others or alone', () => {
    for (const [addresses, expected] of [
      [['127.0.0.0/8'], 'i1'],
      [['0.0.0.0/0'], 'i2'],
      [['0.0.0.0/0', '127.0.0.0/8'], 'i1 i2'],
    ] as const) {
      const { say, shown } = bridge({ trust: { ...testRegistry().spec.trust, addresses } });
      say(listed('a'), said(service('a', instance(1, { address: '127.0.0.5' }), instance(2))));
      expect(shown()).toEqual({ a: expected });
    }
  });

  it('gets in what was one too many when there is room again', () => {
    const trust = { ...testRegistry().spec.trust, maxServices: 2 };
    const safety = { ...testRegistry().spec.safety, maxLostServices: 100, maxLostInstances: 100 };
    const { say, shown, codes, clock } = bridge({ trust, safety });
    say(listed('a', 'b', 'c', 'd'), ...['a', 'b', 'c', 'd'].map((name) => said(service(name, instance(1)))));
    expect([Object.keys(shown()), codes()]).toEqual([['a', 'b'], ['ISTH1006']]);
    say(listed('b', 'd'));
    clock.advance(60_000);
    expect([Object.keys(shown()), codes()]).toEqual([['b', 'd'], []]);
  });

  it('of whose instances none is selected is not taken', () => {
    const select = { ...testRegistry().spec.select, metadata: { mesh: 'yes' } };
    const { say, shown } = bridge({ select });
    const chosen = instance(2, { metadata: { mesh: 'yes' } });
    say(listed('a', 'b'), said(service('a', instance(1))), said(service('b', instance(1), chosen)));
    expect(shown()).toEqual({ b: 'i2' });
  });

  it('leaves no findings and no callers behind when what is held is released', () => {
    const { say, bridge: one, clock, codes, release } = bridge();
    say(
      listed('a', 'b'),
      said(service('a', ...four)),
      said(service('b', ...four, instance(9, { address: '127.0.0.1' }))),
    );
    say({ kind: 'callers', service: service('b'), callers: ['x'] });
    say(listed('a'));
    clock.advance(60_000);
    expect(codes()).toEqual(['ISTH1005', 'ISTH1006']);
    release('polaris/prod//b');
    expect([codes(), one.callersOf('polaris/prod//b')]).toEqual([[], []]);
  });

  describe('what another replica was told to release of it', () => {
    const before = [listed('a', 'b', 'c', 'd'), ...['a', 'b', 'c', 'd'].map((name) => said(service(name, ...four)))];
    const lessOfA = said(service('a', instance(1)));
    /** What is named there, where `a` lost three instances and `d` is gone. */
    const namedElsewhere = (key?: string) => {
      const other = bridge();
      other.say(...before, lessOfA, listed('a', 'b', 'c'));
      other.clock.advance(60_000);
      return other.release(key).named;
    };
    const heed = ({ releases, bridge: one }: ReturnType<typeof bridge>, key?: string) => {
      releases.heed(namedElsewhere(key));
      one.heed();
    };

    it('goes here as well, be the loss seen before or a while after, and what was not named stays held', () => {
      const here = bridge();
      here.say(...before, lessOfA, listed('a', 'b'));
      here.clock.advance(60_000);
      heed(here);
      expect(here.shown()).toEqual({ a: 'i1', b: 'i1 i2 i3 i4', c: 'i1 i2 i3 i4' });
      expect(here.bridge.status().held.map(({ service: key }) => key)).toEqual(['polaris/prod//c']);
      const later = bridge();
      later.say(...before);
      heed(later);
      expect(Object.keys(later.shown())).toEqual(['a', 'b', 'c', 'd']);
      later.say(lessOfA, listed('a', 'b', 'c'));
      expect(later.shown()).toEqual({ a: 'i1', b: 'i1 i2 i3 i4', c: 'i1 i2 i3 i4' });
    });

    it('stays here where more is lost than was named, or the registry is out of sight', () => {
      const here = bridge();
      here.say(...before, said(service('a')));
      heed(here);
      expect(here.shown().a).toBe('i1 i2 i3 i4');
      const blind = bridge();
      blind.say(...before, { kind: 'unavailable', reason: 'refused' });
      heed(blind);
      expect(Object.keys(blind.shown())).toEqual(['a', 'b', 'c', 'd']);
    });

    it('is carried out once, and not after everybody would have let it go', () => {
      const here = bridge();
      here.say(...before, listed('a', 'b', 'c'));
      heed(here, 'polaris/prod//d');
      expect(Object.keys(here.shown())).toEqual(['a', 'b', 'c']);
      here.say(...before, listed('a', 'b', 'c'));
      here.clock.advance(60_000);
      expect(here.shown().d).toBe('i1 i2 i3 i4');
      const late = bridge();
      late.say(...before);
      heed(late);
      late.clock.advance(700_000);
      late.say(listed('a', 'b', 'c'));
      expect(late.shown().d).toBe('i1 i2 i3 i4');
    });
  });

  it('is heard no more once the bridge is closed', () => {
    const { say, bridge: one, changes } = bridge();
    one.close();
    say(listed('a'), said(service('a', ...four)));
    expect(changes).toEqual([]);
  });

  it('makes no more changes in a minute than it may; what waits comes as it is then', () => {
    const names = ['a', 'b', 'c', 'd'];
    const trust = { ...testRegistry().spec.trust, maxChanges: 3 };
    const { say, changes, clock, codes } = bridge({ trust });
    const all = (n: number) => say(...names.map((name) => said(service(name, ...four, instance(n)))));
    const reported = () => changes.splice(0).map(({ service: one }) => `${one?.name} ${one?.instances.at(-1)?.id}`);
    say(listed(...names));
    all(5);
    expect(reported()).toHaveLength(4);
    all(6);
    expect(reported()).toEqual(['a i6', 'b i6', 'c i6']);
    expect(codes()).toEqual(['ISTH1015']);
    all(7);
    expect(reported()).toEqual([]);
    clock.advance(20_000);
    expect(reported()).toEqual(['d i7']);
    clock.advance(60_000);
    expect(reported()).toEqual(['a i7', 'b i7', 'c i7']);
    expect(codes()).toEqual([]);
  });

  it('gets no more services and instances than it may have', () => {
    const trust = { ...testRegistry().spec.trust, maxServices: 2, maxInstances: 3 };
    const { say, shown, codes } = bridge({ trust });
    say(listed('a', 'b', 'c'), ...['a', 'b', 'c'].map((name) => said(service(name, ...four))));
    expect(shown()).toEqual({ a: 'i1 i2 i3', b: 'i1 i2 i3' });
    expect(new Set(codes())).toEqual(new Set(['ISTH1006']));
  });
});
