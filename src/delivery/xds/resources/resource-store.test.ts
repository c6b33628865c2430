import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProxyNode } from '../../../model/proxy.ts';
import { proxyNode } from '../../../model/proxy-fixture.ts';
import type { ResourceOrigin } from '../../../model/resource-origin.ts';
import type { EncodedResource, ResourceView } from './resource-source.ts';
import { createResourceStore, type ResourceChange, type ResourceStore } from './resource-store.ts';
import { clusterType, endpointType } from './resource-types.ts';

const proxy = (namespace: string): ProxyNode => proxyNode(namespace, { namespace });
const encoded = (typeUrl: string, name: string, content: string): EncodedResource => ({
  typeUrl,
  name,
  version: content,
  body: Buffer.from(content),
});
const set = (scope: string, name: string, content: string, typeUrl = clusterType): ResourceChange => ({
  scope,
  typeUrl,
  name,
  resource: encoded(typeUrl, name, content),
});
const remove = (scope: string, name: string): ResourceChange => ({
  scope,
  typeUrl: clusterType,
  name,
  resource: undefined,
});
const start = () => createResourceStore({ scopesOf: ({ namespace }) => [`namespace/${namespace}`, 'mesh'] });
const contents = (view: ResourceView): readonly string[] =>
  view.list(clusterType).map(({ name, version }) => `${name}=${version}`);

function heard(view: ResourceView): { readonly calls: string[]; stop(): void } {
  const calls: string[] = [];
  const stop = view.subscribe((typeUrl, names) =>
    calls.push(`${typeUrl === clusterType ? 'CDS' : 'EDS'} ${names.join(' ')}`),
  );
  return { calls, stop };
}

describe('a view', () => {
  test('holds the resources of its scopes, and of two with one name that of the earlier scope', () => {
    const store = start();
    store.apply([
      set('mesh', 'a', 'mesh'),
      set('mesh', 'b', 'mesh'),
      set('namespace/shop', 'a', 'own'),
      set('namespace/bank', 'c', 'other'),
    ]);
    const view = store.view(proxy('shop'));
    expect(contents(view)).toEqual(['a=own', 'b=mesh']);
    expect(view.names(clusterType)).toEqual(['a', 'b']);
    expect(view.get(clusterType, 'a')?.version).toBe('own');
    expect(view.get(clusterType, 'c')).toBeUndefined();
    expect(view.list(endpointType)).toEqual([]);
  });

  test('is shared by proxies with equal scopes while one of them listens', () => {
    const store = start();
    const view = store.view(proxy('shop'));
    const { stop } = heard(view);
    expect(store.view(proxy('shop'))).toBe(view);
    expect(store.view(proxy('bank'))).not.toBe(view);
    stop();
    expect(store.view(proxy('shop'))).not.toBe(view);
  });

  test('gives the same list until something in it changes', () => {
    const store = start();
    store.apply([set('mesh', 'a', '1'), set('mesh', 'e', '1', endpointType)]);
    const view = store.view(proxy('shop'));
    const list = view.list(clusterType);
    store.apply([set('mesh', 'e', '2', endpointType), set('namespace/bank', 'x', '1')]);
    expect(view.list(clusterType)).toBe(list);
    store.apply([set('mesh', 'a', '2')]);
    expect(view.list(clusterType)).not.toBe(list);
    expect(list.map(({ version }) => version)).toEqual(['1']);
  });

  test('does not show a list of before after all was removed and something else was set', () => {
    const store = start();
    const view = store.view(proxy('shop'));
    store.apply([set('mesh', 'a', '1')]);
    expect(contents(view)).toEqual(['a=1']);
    store.apply([remove('mesh', 'a')]);
    store.apply([set('mesh', 'b', '1')]);
    expect(contents(view)).toEqual(['b=1']);
  });
});

describe('a listener', () => {
  test('hears once a batch, of each type, the names that changed for it', () => {
    const store = start();
    store.apply([set('mesh', 'a', '1'), set('mesh', 'b', '1')]);
    const { calls } = heard(store.view(proxy('shop')));
    store.apply([
      set('mesh', 'a', '2'),
      set('mesh', 'e', '1', endpointType),
      remove('mesh', 'b'),
      set('mesh', 'c', '1'),
    ]);
    expect(calls).toEqual(['CDS a b c', 'EDS e']);
  });

  test('does not hear of equal content, of other scopes, of what an earlier scope hides, or of what was undone', () => {
    const store = start();
    store.apply([set('mesh', 'a', '1'), set('mesh', 'b', '1'), set('namespace/shop', 'b', 'own')]);
    const { calls } = heard(store.view(proxy('shop')));
    store.apply([set('mesh', 'a', '1')]);
    store.apply([set('namespace/bank', 'x', '1')]);
    store.apply([set('mesh', 'b', '2')]);
    store.apply([set('mesh', 'a', '9'), set('mesh', 'a', '1')]);
    store.apply([remove('mesh', 'ghost')]);
    expect(calls).toEqual([]);
  });

  test('hears when what an earlier scope hid comes to light', () => {
    const store = start();
    store.apply([set('mesh', 'a', '1'), set('namespace/shop', 'a', 'own')]);
    const view = store.view(proxy('shop'));
    const { calls } = heard(view);
    store.apply([remove('namespace/shop', 'a')]);
    expect(calls).toEqual(['CDS a']);
    expect(contents(view)).toEqual(['a=1']);
  });

  test('sees the whole batch in every view, whichever is told first', () => {
    const store = start();
    const views = [store.view(proxy('shop')), store.view(proxy('bank'))];
    const seen: string[] = [];
    for (const view of views) view.subscribe(() => seen.push(views.map((one) => contents(one).join()).join(' | ')));
    store.apply([set('mesh', 'a', '1'), set('namespace/shop', 'b', '1')]);
    expect(seen).toEqual(['a=1,b=1 | a=1', 'a=1,b=1 | a=1']);
  });

  test('hears nothing after it has left, and can leave twice', () => {
    const store = start();
    const view = store.view(proxy('shop'));
    const [one, other] = [heard(view), heard(view)];
    one.stop();
    one.stop();
    store.apply([set('mesh', 'a', '1')]);
    expect(one.calls).toEqual([]);
    expect(other.calls).toEqual(['CDS a']);
  });
});

describe('a proxy that chooses', () => {
  const served = (service: `${string}/${string}`): ResourceOrigin => ({ kind: 'port', service, port: 80 });
  const ofService = (name: string, content: string): ResourceChange => ({
    ...set('mesh', name, content),
    origin: served(`shop/${name}`),
  });
  /** Each sees of services those that are named for its namespace; all where nothing is. */
  function choosing(chosen: Record<string, readonly string[]>): ResourceStore {
    return createResourceStore({
      scopesOf: () => ['mesh'],
      choiceOf: ({ namespace }) => {
        const names = chosen[namespace];
        if (names === undefined) return undefined;
        const shows = (origin: ResourceOrigin | undefined): boolean =>
          origin?.kind !== 'port' || names.includes(origin.service.slice('shop/'.length));
        return { key: names.join(), scopes: [`only ${names.join()}`, 'mesh'], shows };
      },
    });
  }

  test('sees what it chooses and what is of no service, and hears of nothing else', () => {
    const store = choosing({ shop: ['a'] });
    store.apply([ofService('a', '1'), ofService('b', '1'), set('mesh', 'c', '1')]);
    const [one, all] = [store.view(proxy('shop')), store.view(proxy('bank'))];
    const { calls } = heard(one);
    expect([contents(one), contents(all)]).toEqual([
      ['a=1', 'c=1'],
      ['a=1', 'b=1', 'c=1'],
    ]);
    expect(one.get(clusterType, 'b')).toBeUndefined();
    store.apply([ofService('b', '2')]);
    store.apply([ofService('a', '2'), ofService('b', '3')]);
    expect(calls).toEqual(['CDS a']);
  });

  test('hears of a resource that is made of something else now, though its content is the same', () => {
    const store = choosing({ shop: ['a'] });
    store.apply([ofService('b', '1')]);
    const { calls } = heard(store.view(proxy('shop')));
    store.apply([{ ...ofService('b', '1'), origin: served('shop/a') }]);
    expect(calls).toEqual(['CDS b']);
  });

  test('is told of the difference when it chooses anew, with what is made for its choice, and others are not', () => {
    const chosen: Record<string, readonly string[]> = { shop: ['a'], pay: ['a'] };
    const store = choosing(chosen);
    store.apply([ofService('a', '1'), ofService('b', '1'), set('only a,b', 'own', '1')]);
    const views = ['shop', 'pay', 'bank'].map((namespace) => store.view(proxy(namespace)));
    const listeners = views.map(heard);
    const told = () => listeners.map(({ calls }) => calls.splice(0));
    chosen.shop = ['a', 'b'];
    store.chooseAnew(({ namespace }) => namespace !== 'pay');
    expect(told()).toEqual([['CDS b own'], [], []]);
    chosen.pay = ['a', 'b'];
    store.chooseAnew(() => true);
    expect(told()).toEqual([[], ['CDS b own'], []]);
    store.apply([ofService('b', '2')]);
    expect(told()).toEqual([['CDS b'], ['CDS b'], ['CDS b']]);
    delete chosen.shop;
    store.chooseAnew(() => true);
    expect(told()).toEqual([['CDS own'], [], []]);
    listeners[1]?.stop();
    chosen.pay = [];
    store.chooseAnew(() => true);
    expect(told()).toEqual([[], [], []]);
    expect(views[0]?.list(clusterType)).toBe(views[2]?.list(clusterType));
  });

  test('after any batches and choices sees and has heard of what a reading of the whole store would show', () => {
    const names = ['a', 'b', 'c'];
    const step = fc.oneof(
      fc.record({ name: fc.constantFrom(...names), content: fc.constantFrom('1', '2', undefined) }),
      fc.record({ chosen: fc.option(fc.uniqueArray(fc.constantFrom(...names)), { nil: undefined }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const chosen: Record<string, readonly string[]> = {};
        const store = choosing(chosen);
        const view = store.view(proxy('shop'));
        const expected = new Map<string, string>();
        const known = new Map<string, string | undefined>();
        view.subscribe((typeUrl, changed) => {
          for (const name of changed) known.set(name, view.get(typeUrl, name)?.version);
        });
        for (const one of steps) {
          if ('chosen' in one) {
            if (one.chosen === undefined) delete chosen.shop;
            else chosen.shop = one.chosen;
            store.chooseAnew(() => true);
          } else if (one.content === undefined) {
            store.apply([remove('mesh', one.name)]);
            expected.delete(one.name);
          } else {
            store.apply([ofService(one.name, one.content)]);
            expected.set(one.name, one.content);
          }
          const whole = [...expected].filter(([name]) => chosen.shop?.includes(name) !== false).sort();
          expect(contents(view)).toEqual(whole.map(([name, content]) => `${name}=${content}`));
          expect([...known].filter(([, version]) => version !== undefined).sort()).toEqual(whole);
        }
      }),
    );
  });
});

test('after any batches a view shows what a reading of the whole store would', () => {
  const change = fc.record({
    scope: fc.constantFrom('namespace/shop', 'namespace/bank', 'mesh'),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'é'),
    content: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 8 }), (batches) => {
      const store = start();
      const view = store.view(proxy('shop'));
      const expected = new Map<string, string>();
      const known = new Map<string, string>();
      view.subscribe((typeUrl, names) => {
        for (const name of names) {
          const resource = view.get(typeUrl, name);
          if (resource === undefined) known.delete(name);
          else known.set(name, resource.version);
        }
      });
      for (const batch of batches) {
        store.apply(
          batch.map(({ scope, name, content }) =>
            content === undefined ? remove(scope, name) : set(scope, name, content),
          ),
        );
        for (const { scope, name, content } of batch) {
          if (content === undefined) expected.delete(`${scope}/${name}`);
          else expected.set(`${scope}/${name}`, content);
        }
        const whole = new Map<string, string>();
        for (const name of ['a', 'b', 'c', 'd', 'é']) {
          const content = expected.get(`namespace/shop/${name}`) ?? expected.get(`mesh/${name}`);
          if (content !== undefined) whole.set(name, content);
        }
        expect(contents(view)).toEqual([...whole].map(([name, content]) => `${name}=${content}`));
        expect(known).toEqual(whole);
      }
      expect([...store.counts().values()].reduce((sum, count) => sum + count, 0)).toBe(expected.size);
    }),
  );
});
