import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reading } from '../registrations/layout.ts';
import { readInstance } from './instance-value.ts';
import { parseKeyTemplate } from './key-template.ts';
import { layoutOf } from './layout-options.ts';

function read(options: Readonly<Record<string, string>>, key: string, value: string): Reading {
  const layout = layoutOf(options);
  if (typeof layout === 'string') throw new Error(layout);
  const prefix = layout.prefixes.find((one) => key.startsWith(one));
  if (prefix === undefined) throw new Error(`${key} is below none of ${layout.prefixes.join(' ')}`);
  return layout.read(prefix, key, value);
}

describe('a key template', () => {
  const match = (template: string, key: string) => {
    const parsed = parseKeyTemplate(template);
    return typeof parsed === 'string' ? parsed : parsed.match(key);
  };

  it.each([
    ['/s/{service}/{instance}', '/s/users/a', { service: 'users', instance: 'a' }],
    ['/s/{service}/{instance}', '/s/users/a/b', { service: 'users', instance: 'a/b' }],
    ['/s/{namespace}/{group}/{service}', '/s/prod/blue/users', { namespace: 'prod', group: 'blue', service: 'users' }],
    ['s/{service}/eps/node-{instance}.x', 's/users/eps/node-1.x', { service: 'users', instance: '1' }],
    ['/s/{service}/{instance}', '/s/users', undefined],
    ['/s/{service}/{instance}', '/s//a', undefined],
    ['/s/{service}', '/s/users/a', undefined],
    ['/s/{service}/eps/{instance}', '/s/users/other/a', undefined],
    ['s/{service}/node-{instance}', 's/users/node-', undefined],
  ])('%s takes %s apart', (template, key, expected) => {
    expect(match(template, key)).toEqual(expected);
  });

  it.each([
    '/s/{instance}',
    '{service}/{instance}',
    '/s/{service}{instance}',
    '/s/{service}/{pod}',
    '/s/{service}/{service}',
    '/s/{service',
  ])('%s is none, and the reason is said', (template) => {
    expect(match(template, '/s/a')).toMatch(/^options\.template /);
  });

  it('takes apart what it was put together from, and long keys in no time', () => {
    const part = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'));
    fc.assert(
      fc.property(part, part, fc.string({ minLength: 1 }), (namespace, service, instance) => {
        const key = `/s/${namespace}/x/${service}/${instance}`;
        expect(match('/s/{namespace}/x/{service}/{instance}', key)).toEqual({ namespace, service, instance });
      }),
    );
    expect(match('/s/{service}/x', `/s/${'/'.repeat(1_000_000)}`)).toBe(undefined);
  });
});

describe('the value of a key', () => {
  const ports = (...list: readonly (readonly [number, string])[]) =>
    list.map(([number, protocol]) => ({ name: '', number, protocol }));

  it.each([
    ['10.0.0.1:8080', '10.0.0.1', ports([8080, ''])],
    ['"10.0.0.1:8080"', '10.0.0.1', ports([8080, ''])],
    ['grpc://10.0.0.1:8080/x?y', '10.0.0.1', ports([8080, 'grpc'])],
    [' users.corp:80\n', 'users.corp', ports([80, ''])],
    ['[2001:db8::1]:80', '2001:db8::1', ports([80, ''])],
    ['{"Addr":"10.0.0.1:9","Op":0}', '10.0.0.1', ports([9, ''])],
    ['{"host":"2001:db8::1","port":"9","scheme":"HTTP"}', '2001:db8::1', ports([9, 'http'])],
    ['{"address":"10.0.0.1:8","port":9}', '10.0.0.1', ports([8, ''])],
    [
      '{"address":["http://10.0.0.1:8","grpc://10.0.0.1:9","grpc://10.9.9.9:9"]}',
      '10.0.0.1',
      ports([8, 'http'], [9, 'grpc']),
    ],
  ])('%s is an address and ports', (value, address, expected) => {
    expect(readInstance({}, undefined, value)).toMatchObject({ address, ports: expected });
  });

  it('is read by the names that were chosen, and the rest is metadata', () => {
    const value = {
      net: { ip: '10.0.0.1', ports: { main: 80 } },
      load: '2.5',
      up: false,
      place: 'south',
      version: 'v1',
      tags: { version: 'v2', canary: true, deep: {} },
    };
    const names = { address: 'net.ip', port: 'net.ports.main', weight: 'load', healthy: 'up', region: 'place' };
    expect(readInstance(names, 'a', JSON.stringify(value))).toEqual({
      id: 'a',
      address: '10.0.0.1',
      ports: ports([80, '']),
      weight: 2.5,
      health: 'down',
      isolated: false,
      locality: { region: 'south', zone: '', subzone: '' },
      metadata: { version: 'v2', canary: 'true' },
    });
  });

  it('that an operator took out of service is isolated', () => {
    expect(readInstance({}, 'a', '{"ip":"10.0.0.1","port":1,"enabled":false}')?.isolated).toBe(true);
  });

  it('that says no address and port is none', () => {
    for (const value of [
      '',
      'x',
      '[]',
      '{}',
      'null',
      '1',
      'a:b',
      'a:0',
      'a:70000',
      '{"address":"a"}',
      '{"port":1}',
      'a:1:2',
      '{',
    ])
      expect(readInstance({}, 'a', value)).toBe(undefined);
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (value) => void readInstance({}, 'a', value)));
    expect(readInstance({}, 'a', '{"ip":"10.0.0.1","port":1,"__proto__":"x","weight":"Infinity"}')).toMatchObject({
      id: 'a',
    });
  });
});

describe("a ServiceRegistry's options", () => {
  const value = '{"host":"10.0.0.1","port":1}';

  it('are those of Dubbo where there are none', () => {
    const layout = layoutOf({});
    expect(layout).toMatchObject({ prefixes: ['/dubbo/', '/services/'] });
    expect(layoutOf({ levels: 'application', services: '/a/b/' })).toMatchObject({ prefixes: ['/a/b/'] });
    expect(layoutOf({ layout: 'dubbo', levels: 'interface', root: 'prod' })).toMatchObject({ prefixes: ['/prod/'] });
    expect(read({}, '/services/shop/a', value)).toMatchObject({ kind: 'registration', service: { name: 'shop' } });
  });

  it.each([
    [{ prefix: '/s' }, '/s/users/a'],
    [{ prefix: '/s/' }, '/s/users/a'],
    [{ template: '/s/{service}/{instance}' }, '/s/users/a'],
    [{ prefix: 's', template: '{prefix}/x/{service}/{instance}' }, 's/x/users/a'],
    [{ layout: 'template', prefix: '/s/x', template: '/s/x/{service}/{instance}' }, '/s/x/users/a'],
  ])('%j read %s', (options, key) => {
    expect(read(options, key, value)).toMatchObject({
      kind: 'registration',
      service: { namespace: '', group: '', name: 'users' },
      instance: { id: 'a' },
    });
  });

  it('that are unknown, or make no sense, are refused with the reason', () => {
    expect(layoutOf({ layout: 'consul' })).toContain('neither dubbo nor template');
    expect(layoutOf({ rooot: 'x' })).toContain('options.rooot is none of layout dubbo');
    expect(layoutOf({ prefix: '/s', root: 'x' })).toContain('options.root is none of layout template');
    expect(layoutOf({ levels: 'method' })).toContain('method');
    expect(layoutOf({ root: 'a', services: 'a/b' })).toContain('within one another');
    expect(layoutOf({ root: '/' })).toContain('empty');
    expect(layoutOf({ layout: 'template' })).toContain('options.prefix or options.template');
    expect(layoutOf({ prefix: '/a', template: '/b/{service}' })).toContain('does not begin with');
  });
});
