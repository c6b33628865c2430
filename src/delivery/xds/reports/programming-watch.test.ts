import { expect, it } from 'vitest';
import { Engine } from '../../../collections/engine.ts';
import { createStatusTables } from '../../../mesh/status/object-statuses.ts';
import type { ObjectStatus } from '../../../model/object-status.ts';
import type { ProxyNode } from '../../../model/proxy.ts';
import { proxyNode } from '../../../model/proxy-fixture.ts';
import { keyOfObject } from '../../../resources/object-keys.ts';
import { ProgrammingWatch } from './programming-watch.ts';
import { readSharedProgramming, type SharedProgramming } from './shared-programming.ts';
import type { Refusal } from './stream-refusals.ts';

const key = 'MetaRouter/shop/orders';

const refusal = (id: string, at: number, message = 'no'): Refusal => ({
  proxy: proxyNode(id),
  typeUrl: '',
  message,
  at,
  objects: [{ kind: 'MetaRouter', namespace: 'shop', name: 'orders' }],
});

function scene() {
  const engine = new Engine();
  const { programming } = createStatusTables(engine);
  const said = {
    refusals: [] as Refusal[],
    laggards: [] as ProxyNode[],
    others: [] as SharedProgramming[],
    hasProxies: true,
  };
  let now = 1_000;
  const xds = {
    refusals: () => said.refusals,
    laggards: () => said.laggards,
    get hasProxies() {
      return said.hasProxies;
    },
  };
  const watch = new ProgrammingWatch({
    table: programming,
    batch: (change) => engine.batch(change),
    xds,
    now: () => now,
    keyOf: keyOfObject,
    others: () => said.others,
  });
  const see = (generation: number | undefined): void => {
    const after: ObjectStatus | undefined =
      generation === undefined
        ? undefined
        : { key, namespace: 'shop', name: 'orders', generation, conditions: [], fields: {} };
    watch.follow([{ key, before: undefined, after }]);
  };
  return {
    said,
    see,
    own: () => readSharedProgramming(JSON.parse(JSON.stringify(watch.own(true)))),
    look: (ms = 0) => {
      now += ms;
      watch.look();
      return programming.get(key);
    },
  };
}

it('says that no proxy is connected of what came while none was, until one has taken it', () => {
  const { said, see, look } = scene();
  said.hasProxies = false;
  see(1);
  expect(look()).toEqual({ key, generation: 1, state: 'taken', isWithoutProxies: true });
  said.hasProxies = true;
  said.laggards = [proxyNode('slow')];
  expect(look(500)).toEqual({ key, generation: 1, state: 'pending' });
  said.laggards = [];
  expect(look(500)).toEqual({ key, generation: 1, state: 'taken' });
  said.hasProxies = false;
  expect(look(500)).toEqual({ key, generation: 1, state: 'taken' });
});

it('counts proxies of other replicas as connected', () => {
  const { said, see, look } = scene();
  said.hasProxies = false;
  said.others = [{ hasProxies: true, objects: [] }];
  see(1);
  look();
  expect(look(4_001)).toEqual({ key, generation: 1, state: 'taken' });
});

it('takes an object for taken when no proxy has an answer due, and not before', () => {
  const { said, see, look } = scene();
  said.laggards = [proxyNode('slow')];
  see(1);
  expect(look()).toEqual({ key, generation: 1, state: 'pending' });
  said.laggards = [];
  expect(look()).toEqual({ key, generation: 1, state: 'taken' });
});

it('names those who have not answered for long', () => {
  const { said, see, look } = scene();
  said.laggards = ['d', 'c', 'b', 'a'].map((id) => proxyNode(id));
  see(1);
  look();
  expect(look(31_000)?.waitsFor).toEqual({ count: 4, proxies: ['a', 'b', 'c'] });
});

it('tells who refuses, how many, and the words of the first', () => {
  const { said, see, look } = scene();
  see(1);
  said.refusals = [refusal('b', 2_000, 'late'), refusal('a', 2_000, 'early'), refusal('b', 2_000)];
  expect(look()).toMatchObject({
    state: 'refused',
    refusal: { count: 2, proxies: ['a', 'b'], reason: 'early' },
  });
  said.refusals = [];
  expect(look()).toEqual({ key, generation: 1, state: 'taken' });
});

it('does not hold against a new generation what was refused before it came, while an answer is awaited', () => {
  const { said, see, look } = scene();
  said.refusals = [refusal('a', 500)];
  said.laggards = [proxyNode('a')];
  see(2);
  expect(look()?.state).toBe('pending');
  said.laggards = [];
  expect(look()?.state).toBe('refused');
});

it('forgets an object that is gone', () => {
  const { see, look } = scene();
  see(1);
  look();
  see(undefined);
  expect(look()).toBeUndefined();
});

const elsewhere = (...objects: SharedProgramming['objects']): SharedProgramming => ({ hasProxies: true, objects });

it('takes an object for taken when other replicas with proxies have had the time to say otherwise', () => {
  const { said, see, look } = scene();
  said.others = [elsewhere()];
  see(2);
  expect(look()).toMatchObject({ state: 'pending' });
  expect(look(3_900)).toMatchObject({ state: 'pending' });
  expect(look(200)).toEqual({ key, generation: 2, state: 'taken' });
  said.others = [{ hasProxies: false, objects: [] }];
  see(3);
  expect(look()).toEqual({ key, generation: 3, state: 'taken' });
});

it('counts what proxies of all replicas refuse together, and forgets it with the replica that said it', () => {
  const { said, see, look } = scene();
  see(2);
  said.refusals = [refusal('b', 1_000, 'from b')];
  const refused = { count: 2, proxies: ['a', 'c'], reason: 'from a' };
  said.others = [elsewhere({ key, generation: 2, state: 'refused', refusal: refused })];
  expect(look()).toMatchObject({
    state: 'refused',
    refusal: { count: 3, proxies: ['a', 'b', 'c'], reason: 'from a' },
  });
  said.refusals = [];
  expect(look()).toMatchObject({ state: 'refused', refusal: refused });
  said.others = [];
  expect(look()).toEqual({ key, generation: 2, state: 'taken' });
});

it('passes over what another replica says of another generation, or of nothing that is there', () => {
  const { said, see, look } = scene();
  see(2);
  const refused = { state: 'refused', refusal: { count: 1, proxies: ['a'], reason: 'no' } } as const;
  said.others = [
    elsewhere({ key, generation: 1, ...refused }, { key: 'MetaRouter/shop/gone', generation: 2, ...refused }),
  ];
  look(10_000);
  expect(look()).toEqual({ key, generation: 2, state: 'taken' });
});

it('tells other replicas what is refused or awaited for long, and nothing while all is well', () => {
  const { said, see, look, own } = scene();
  see(2);
  said.laggards = [proxyNode('slow')];
  look();
  expect(own().objects).toEqual([]);
  look(2_000);
  expect(own().objects).toEqual([{ key, generation: 2, state: 'pending' }]);
  said.laggards = [];
  said.refusals = [refusal('b', 5_000, 'x'.repeat(1_000))];
  look(1_000);
  expect(own().objects).toMatchObject([{ state: 'refused', refusal: { count: 1, proxies: ['b'] } }]);
  expect(own().objects[0]?.refusal?.reason).toHaveLength(500);
  said.refusals = [];
  look();
  expect(own()).toEqual({ hasProxies: true, objects: [] });
});

it.each([
  undefined,
  null,
  3,
  [],
  { objects: 'none' },
  { objects: [null, {}, { key, state: 'refused' }, { key, state: 'new' }] },
])('takes no harm from the word %j of a replica of another version', (word) => {
  expect(readSharedProgramming(word)).toEqual({ hasProxies: false, objects: [] });
});
