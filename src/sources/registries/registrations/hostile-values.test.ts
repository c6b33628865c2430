import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../etcd/layout-options.ts';
import type { Layout } from './layout.ts';
import { Registrations } from './registrations.ts';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const noPrimitive = '{"valueOf":1,"toString":1}';

const layouts = [
  { options: { prefix: '/s' }, prefix: '/s/' },
  { options: { levels: 'application', services: 's' }, prefix: '/s/' },
] as const;

/** A good entry, the hostile one beside it, and another good one. */
function registered(options: Readonly<Record<string, string>>, prefix: string, value: string): Registrations {
  const layout: Layout | string = layoutOf(options);
  if (typeof layout === 'string') throw new Error(layout);
  const all = new Registrations({ layout, maxKeys: 100, isSelected: () => true });
  const put = (name: string, text: string): void => all.put(prefix, { key: name, name, value: text, version: 1 });
  put('/s/a/1', '{"address":"10.0.0.1","port":80}');
  put('/s/evil/1', value);
  put('/s/b/1', '{"address":"10.0.0.2","port":80}');
  return all;
}

const names = (all: Registrations): readonly string[] => all.names().map(({ name }) => name);

describe('a registry with one hostile value', () => {
  const values: readonly (readonly [what: string, value: string])[] = [
    ['a port without a primitive value', `{"address":"10.0.0.9","port":${noPrimitive}}`],
    ['a port nested by the thousand', `{"address":"10.0.0.9","port":${nested(20_000)}}`],
    ['nothing but nesting', nested(500_000)],
    ['an address that is an object', `{"address":${noPrimitive},"port":80}`],
    ['an address of nothing but colons', `{"address":"${':'.repeat(100_000)}!","port":80}`],
  ];
  const cases = layouts.flatMap(({ options, prefix }) => values.map((one) => [...one, options, prefix] as const));

  it.each(cases)('keeps all others, and names the one with %s', (what, value, options, prefix) => {
    const all = registered(options, prefix, value);
    if (what.includes('colons') && 'levels' in options) return expect(names(all)).toEqual(['a', 'evil', 'b']);
    expect(names(all)).toEqual(['a', 'b']);
    expect(all.troubles(prefix)).toMatchObject([{ cause: 'unreadable', text: expect.stringContaining('/s/evil/1') }]);
  });

  it.each([`[{"port":${noPrimitive},"protocol":"tri"}]`, `[{"port":${nested(20_000)},"protocol":"tri"}]`])(
    "takes Dubbo's endpoints for none where a port is no number",
    (endpoints) => {
      const value = JSON.stringify({
        address: '10.0.0.9',
        port: 20_880,
        payload: { metadata: { 'dubbo.endpoints': endpoints } },
      });
      const all = registered({ levels: 'application', services: 's' }, '/s/', value);
      const [service] = [...all.services()].filter(({ name }) => name === 'evil');
      expect(service?.instances[0]?.ports).toEqual([{ name: '', number: 20_880, protocol: 'dubbo' }]);
    },
  );

  it('keeps all others when its layout cannot stand a value', () => {
    const layout: Layout = {
      prefixes: ['/s/'],
      read: (_prefix, key) => {
        if (key.includes('evil')) throw new RangeError('Maximum call stack size exceeded');
        const service = { namespace: '', group: '', name: key };
        const locality = { region: '', zone: '', subzone: '' };
        const rest = { ports: [], health: 'up', isolated: false, locality, metadata: {} } as const;
        return { kind: 'registration', service, instance: { id: key, address: '10.0.0.1', ...rest } };
      },
    };
    const all = new Registrations({ layout, maxKeys: 100, isSelected: () => true });
    const node = (name: string) => ({ key: name, name, value: '', version: 1 });
    all.putAll('/s/', ['/s/a', '/s/evil', '/s/b'].map(node));
    expect(names(all)).toEqual(['/s/a', '/s/b']);
    expect(all.troubles('/s/')).toEqual([
      { cause: 'unreadable', text: '1 entry can be read as no registration: /s/evil' },
    ]);
  });

  it('keeps what it has when values would fill the heap, and says that there is more', () => {
    const layout: Layout | string = layoutOf({ prefix: '/s' });
    if (typeof layout === 'string') throw new Error(layout);
    const all = new Registrations({ layout, maxKeys: 100, maxBytes: 10_000, isSelected: () => true });
    const put = (name: string, more: object = {}): void => {
      const value = JSON.stringify({ address: '10.0.0.1', port: 80, ...more });
      all.put('/s/', { key: name, name, value, version: 1 });
    };
    for (const name of ['/s/a/1', '/s/a/2']) put(name);
    for (let n = 0; n < 20; n++) put(`/s/evil/${n}`, { text: `${n}${'x'.repeat(5_000)}` });
    expect([names(all), all.isFull]).toEqual([['a', 'evil'], true]);
    const [, evil] = [...all.services()];
    expect(evil?.instances).toHaveLength(1);
    all.delete('/s/evil/0');
    all.beginRead();
    put('/s/evil/1', { text: 'x'.repeat(5_000) });
    expect([all.isFull, names(all)]).toEqual([false, ['a', 'evil']]);
  });

  it.each(layouts)('keeps all others, whatever the value: $options', ({ options, prefix }) => {
    const field = fc.constantFrom('address', 'port', 'host', 'Port', 'payload', 'metadata', 'weight', 'id', 'enabled');
    const entry = fc.oneof(
      fc.json(),
      fc.dictionary(field, fc.jsonValue()).map((one) => JSON.stringify(one)),
      fc.string(),
    );
    fc.assert(
      fc.property(entry, (value) => {
        const found = names(registered(options, prefix, value));
        expect(found.filter((name) => name !== 'evil')).toEqual(['a', 'b']);
      }),
    );
  });
});
