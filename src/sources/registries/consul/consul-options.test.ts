import { describe, expect, it } from 'vitest';
import { testRegistry } from '../../../resources/service-registry-fixture.ts';
import { Allowance } from './allowance.ts';
import { consulOptions } from './consul-options.ts';
import { readNames } from './name-list.ts';
import { realmsOf, target } from './realm.ts';

const { select } = testRegistry().spec;
const defaults = { connections: 96, consistency: 'default', partition: '', isFilteredComplete: false } as const;

describe('the options of a Consul registry', () => {
  it('have defaults', () => {
    expect(consulOptions({})).toEqual(defaults);
    expect(consulOptions({ connections: '500', consistency: 'stale', filtered: 'complete' })).toEqual({
      ...defaults,
      ...{ connections: 500, consistency: 'stale', isFilteredComplete: true },
    });
  });

  it.each([
    { prefix: 'x' },
    { connections: '7' },
    { connections: '20001' },
    { connections: '1e3' },
    { consistency: 'strong' },
    { filtered: 'yes' },
  ])('are refused when they are %j', (options) => {
    expect(consulOptions(options)).toMatch(/^options\./);
  });

  it('and the selection make a realm for each namespace of each datacenter', () => {
    expect(realmsOf(select, defaults)).toEqual([{ scope: '', group: '', query: '' }]);
    const many = realmsOf(
      { ...select, namespaces: ['a&b', 'dc2'], groups: ['t1', 't2'] },
      { ...defaults, partition: 'p' },
    );
    expect(many.map(({ query }) => query)).toEqual([
      'dc=a%26b&ns=t1&partition=p',
      'dc=a%26b&ns=t2&partition=p',
      'dc=dc2&ns=t1&partition=p',
      'dc=dc2&ns=t2&partition=p',
    ]);
  });

  it('stand in every query', () => {
    const [realm] = realmsOf(select, { ...defaults, consistency: 'stale' });
    expect(realm === undefined ? '' : target('/v1/x', realm, 7, 1_000)).toBe('/v1/x?stale&index=7&wait=1000ms');
    expect(realm === undefined ? '' : target('/v1/x', realm, 0, 1_000)).toBe('/v1/x?stale');
  });
});

describe('a list of names', () => {
  const read = (value: unknown, isOwnWanted = false) =>
    readNames(Buffer.from(JSON.stringify(value)), (name) => name !== 'not-wanted', isOwnWanted);

  it('is the same whatever the order of names and tags', () => {
    const [one, other] = [read({ a: ['x', 'y'], b: [] }), read({ b: [], a: ['y', 'x'] })];
    expect([...(one ?? [])]).toEqual([...(other ?? [])]);
  });

  it('leaves out what is not wanted, the servers themselves, and what no request can ask for', () => {
    const names = { consul: [], 'not-wanted': [], '': [], '.': [], '..': [], '\ud800': [], 'a/../b': [], höhe: null };
    expect([...(read(names)?.keys() ?? [])]).toEqual(['a/../b', 'höhe']);
    expect(read({ consul: [] }, true)?.has('consul')).toBe(true);
  });

  it('is none where it is no object', () => {
    for (const odd of [null, [], 'x', 7]) expect(read(odd)).toBeUndefined();
    // A page of whatever stands in between.
    expect(read({ error: 'upstream unavailable' })).toBeUndefined();
    expect(read({ web: [], status: 200 })).toBeUndefined();
    expect(readNames(Buffer.from('{"a"'), () => true, false)).toBeUndefined();
  });
});

describe('an allowance', () => {
  it('lets so many pass at once, and then so many a second', () => {
    const allowance = new Allowance(2, 4, 0);
    expect([allowance.take(1, 0), allowance.take(1, 0), allowance.take(1, 0)]).toEqual([0, 0, 250]);
    expect(allowance.take(1, 500)).toBe(0);
    expect(allowance.take(1, 60_000)).toBe(0);
    expect(allowance.take(2, 60_000)).toBe(250);
  });
});
