import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegistryService } from '../../../model/registry.ts';
import { layoutOf } from '../etcd/layout-options.ts';
import type { Layout } from './layout.ts';
import { Registrations, type StoredNode } from './registrations.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function registrations(options: Readonly<Record<string, string>> = { prefix: '/s' }, maxKeys = 1_000): Registrations {
  const layout: Layout | string = layoutOf(options);
  if (typeof layout === 'string') throw new Error(layout);
  return new Registrations({ layout, maxKeys, isSelected: ({ name }) => !name.startsWith('hidden') });
}

const kv = (key: string, value: string, version: number): StoredNode => ({
  key: base64(key),
  name: key,
  value,
  version,
});

const shown = (services: Iterable<RegistryService>): Record<string, readonly string[]> =>
  Object.fromEntries([...services].map(({ name, instances }) => [name, instances.map(({ address }) => address)]));

describe('registrations', () => {
  it('of one changed key tell one changed service', () => {
    const all = registrations();
    for (const service of ['a', 'b', 'c']) all.put('/s/', kv(`/s/${service}/1`, '10.0.0.1:80', 1));
    all.takeChanges();
    all.put('/s/', kv('/s/b/2', '10.0.0.2:80', 2));
    all.put('/s/', kv('/s/c/1', '10.0.0.1:80', 3));
    const { changed, gone } = all.takeChanges();
    expect([shown(changed), gone]).toEqual([{ b: ['10.0.0.1', '10.0.0.2'] }, []]);
    all.delete(base64('/s/c/1'));
    all.delete(base64('/s/nothing/1'));
    expect(all.takeChanges()).toMatchObject({ changed: [], gone: [{ name: 'c' }] });
    expect(all.takeChanges()).toEqual({ changed: [], gone: [] });
  });

  it('of a service that goes and comes back at once tell only what it is now', () => {
    const all = registrations();
    all.put('/s/', kv('/s/a/1', '10.0.0.1:80', 1));
    all.takeChanges();
    all.delete(base64('/s/a/1'));
    all.put('/s/', kv('/s/a/2', '10.0.0.2:80', 3));
    const { changed, gone } = all.takeChanges();
    expect([shown(changed), gone]).toEqual([{ a: ['10.0.0.2'] }, []]);
  });

  it('after a full read are what was read', () => {
    const all = registrations();
    for (const n of [1, 2, 3]) all.put('/s/', kv(`/s/a/${n}`, `10.0.0.${n}:80`, n));
    all.put('/s/', kv('/s/b/1', '10.0.1.1:80', 4));
    all.beginRead();
    all.put('/s/', kv('/s/a/2', '10.0.0.2:80', 2));
    all.endRead('/s/');
    expect(shown(all.services())).toEqual({ a: ['10.0.0.2'] });
    expect(all.names()).toEqual([{ namespace: '', group: '', name: 'a' }]);
  });

  it('of one instance under several keys count the newest, until the last one goes', () => {
    const all = registrations({});
    const provider = (timestamp: number): string =>
      `/dubbo/com.Api/providers/${encodeURIComponent(`dubbo://10.0.0.1:20880/com.Api?timestamp=${timestamp}`)}`;
    all.put('/dubbo/', kv(provider(2), '', 12));
    all.put('/dubbo/', kv(provider(1), '', 10));
    const stamps = (): readonly (string | undefined)[] =>
      [...all.services()].flatMap(({ instances }) => instances.map(({ metadata }) => metadata.timestamp));
    expect(stamps()).toEqual(['2']);
    all.delete(base64(provider(2)));
    expect(stamps()).toEqual(['1']);
    all.delete(base64(provider(1)));
    expect(stamps()).toEqual([]);
  });

  it('are read as Dubbo 3.3.6 with dubbo-registry-etcd3 3.2.0 was seen to write them', () => {
    const parameters =
      'application%3Dshop%26deprecated%3Dfalse%26dubbo%3D2.0.2%26dynamic%3Dtrue%26generic%3Dfalse%26group%3Dblue%26interface%3Ddemo.Main%24Orders%26methods%3Dget%26prefer.serialization%3Dhessian2%2Cfastjson2%26release%3D3.3.6%26revision%3D1.2.0%26service-name-mapping%3Dtrue%26side%3Dprovider%26timestamp%3D1795258824921%26version%3D1.2.0';
    const path = '/dubbo/demo.Main%24Orders';
    const written: readonly (readonly [string, string])[] = [
      [path, '158183240'],
      [`${path}/configurators`, '-1259282089'],
      [`${path}/providers/dubbo%3A%2F%2F127.0.0.1%3A20880%2Fdemo.Main%24Orders%3F${parameters}`, '7587899058470611723'],
      [`${path}/providers/tri%3A%2F%2F127.0.0.1%3A50051%2Fdemo.Main%24Orders%3F${parameters}`, '7587899058470611723'],
    ];
    const all = registrations({});
    for (const [at, [key, value]] of written.entries()) all.put('/dubbo/', kv(key, value, at + 2));
    expect(all.troubles('/dubbo/')).toEqual([]);
    expect([...all.services()]).toMatchObject([
      {
        group: 'blue',
        name: 'demo.Main$Orders:1.2.0',
        instances: [
          { id: 'dubbo://127.0.0.1:20880', ports: [{ number: 20_880, protocol: 'dubbo' }] },
          { id: 'tri://127.0.0.1:50051', ports: [{ number: 50_051, protocol: 'tri' }] },
        ],
      },
    ]);
  });

  it('of an application do not join those of an interface with its name', () => {
    const all = registrations({});
    const url = encodeURIComponent('dubbo://10.0.0.1:20880/com.Api');
    all.put('/services/', kv('/services/com.Api/x', '{"host":"10.6.6.6","port":1}', 2));
    all.put('/dubbo/', kv(`/dubbo/com.Api/providers/${url}`, '', 1));
    expect(shown(all.services())).toEqual({ 'com.Api': ['10.0.0.1'] });
  });

  it('tell who asks the store itself for a service, until they go', () => {
    const all = registrations({});
    const consumer = (host: string): string =>
      `/dubbo/com.Api/consumers/${encodeURIComponent(`consumer://${host}/com.Api?application=shop&version=1.0.0&side=consumer`)}`;
    const told = () =>
      all.takeCallers().map((one) => (one.kind === 'callers' ? [one.service.name, ...one.callers] : one.kind));
    all.put('/dubbo/', kv(consumer('10.0.0.8'), '', 1));
    all.put('/dubbo/', kv(consumer('10.0.0.9'), '', 2));
    all.put('/dubbo/', kv('/dubbo/com.Api/consumers/nonsense', '', 3));
    all.put('/dubbo/', kv(consumer('10.0.0.7').replace('/dubbo/com.Api', '/dubbo/com.Other'), '', 4));
    expect(told()).toEqual([['com.Api:1.0.0', 'shop (10.0.0.8)', 'shop (10.0.0.9)']]);
    expect([told(), all.troubles('/dubbo/'), all.names()]).toEqual([[], [], []]);
    all.delete(base64(consumer('10.0.0.8')));
    expect(told()).toEqual([['com.Api:1.0.0', 'shop (10.0.0.9)']]);
    all.beginRead();
    all.endRead('/dubbo/');
    expect(told()).toEqual([['com.Api:1.0.0']]);
  });

  it('that cannot be read are counted and named until they go, and what was read last counts on', () => {
    const all = registrations();
    all.put('/s/', kv('/s/a/1', '10.0.0.1:80', 1));
    for (const n of [1, 2, 3, 4]) all.put('/s/', kv(`/s/a/${n}`, 'nonsense', n + 1));
    const text = '4 entries can be read as no registration: /s/a/1, /s/a/2, /s/a/3, ...';
    expect(all.troubles('/s/')).toEqual([{ cause: 'unreadable', text }]);
    expect(shown(all.services())).toEqual({ a: ['10.0.0.1'] });
    for (const n of [1, 2, 3]) all.delete(base64(`/s/a/${n}`));
    all.put('/s/', kv('/s/a/4', '10.0.0.4:80', 9));
    expect(all.troubles('/s/')).toEqual([]);
    expect(shown(all.services())).toEqual({ a: ['10.0.0.4'] });
    all.put('/s/', kv(`/s/${'x'.repeat(5_000)}`, '', 10));
    expect(all.troubles('/s/')[0]?.text.length).toBeLessThan(300);
  });

  it('that are not selected, or too many, take no room', () => {
    const all = registrations({ prefix: '/s' }, 2);
    for (const service of ['hidden-1', 'hidden-2', 'a', 'b']) all.put('/s/', kv(`/s/${service}/1`, '10.0.0.1:80', 1));
    expect(all.isFull).toBe(false);
    all.put('/s/', kv('/s/c/1', '10.0.0.1:80', 2));
    expect(all.isFull).toBe(true);
    expect(Object.keys(shown(all.services()))).toEqual(['a', 'b']);
  });

  it('followed change by change are those of a full read', () => {
    const key = fc
      .tuple(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2', '3'))
      .map((parts) => `/s/${parts.join('/')}`);
    const value = fc.constantFrom('10.0.0.1:80', '10.0.0.2:80', undefined);
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), (steps) => {
        const followed = registrations();
        const told = new Map<string, RegistryService>();
        const store = new Map<string, StoredNode>();
        for (const [at, [name, text]] of steps.entries()) {
          if (text === undefined) followed.delete(base64(name));
          else followed.put('/s/', kv(name, text, at));
          if (text === undefined) store.delete(name);
          else store.set(name, kv(name, text, at));
          const { changed, gone } = followed.takeChanges();
          for (const service of changed) told.set(service.name, service);
          for (const { name: service } of gone) told.delete(service);
        }
        const fresh = registrations();
        fresh.putAll('/s/', [...store.values()]);
        const expected = new Map([...fresh.services()].map((service) => [service.name, service]));
        expect(told).toEqual(expected);
        expect(new Map([...followed.services()].map((service) => [service.name, service]))).toEqual(expected);
      }),
    );
  });
});
