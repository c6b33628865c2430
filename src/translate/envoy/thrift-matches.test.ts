import { describe, expect, it } from 'vitest';
import type { RequestMatch, StringMatch } from '../../model/route.ts';
import { isForUnnamedServices, servicesOf, thriftMatches } from './thrift-matches.ts';

const exact = (value: string): StringMatch => ({ kind: 'exact', value });
const regex = (value: string): StringMatch => ({ kind: 'regex', value });
const matching = (match: Readonly<Record<string, StringMatch>>): RequestMatch =>
  Object.entries(match).map(([property, one]) => ({ property, match: one }));
const names = (match: Readonly<Record<string, StringMatch>>, services: readonly string[] = []) =>
  thriftMatches(matching(match), services).map(({ methodName, serviceName }) => methodName ?? `${serviceName}:*`);

describe('what a rule asks of Thrift calls, to a stock Envoy', () => {
  it('is the whole name of the method, also in calls that name a service of the rules', () => {
    expect(names({ method: exact('pay') })).toEqual(['pay']);
    expect(names({ method: exact('pay') }, ['desk'])).toEqual(['pay', 'desk:pay']);
    expect(names({ method: exact('pay'), service: exact('admin') }, ['desk'])).toEqual(['admin:pay']);
  });

  it('is each of the names that alternatives are', () => {
    expect(names({ method: regex('pay|notes?') })).toEqual(['pay', 'note', 'notes']);
    expect(names({ service: regex('a|b'), method: regex('x|y') })).toEqual(['a:x', 'a:y', 'b:x', 'b:y']);
  });

  it('is any method where a rule asks for none, or that there be one', () => {
    expect(names({})).toEqual(['']);
    expect(names({ method: { kind: 'present' } })).toEqual(['']);
    expect(names({ service: exact('admin') })).toEqual(['admin:*']);
  });

  it('is compared with keys of the header in every way', () => {
    const [match] = thriftMatches(matching({ tenant: { kind: 'prefix', value: 'b' }, zone: { kind: 'present' } }), []);
    expect(match).toEqual({
      methodName: '',
      headers: [
        { name: 'tenant', stringMatch: { prefix: 'b' } },
        { name: 'zone', presentMatch: true },
      ],
    });
  });

  it.each<Readonly<Record<string, StringMatch>>>([
    { method: { kind: 'prefix', value: 'pay' } },
    { method: regex('pay.*') },
    { method: regex('a?') },
    { method: regex('a||b') },
    { method: exact('') },
    { service: { kind: 'present' } },
    { service: { kind: 'prefix', value: 'a' }, method: exact('pay') },
    { transport: exact('framed') },
    { method: exact('pay'), protocol: exact('binary') },
    { method: regex(Array.from({ length: 65 }, (_, at) => `m${at}`).join('|')) },
  ])('is none where the filter cannot make the distinction: %j', (match) => {
    expect(names(match, ['desk'])).toEqual([]);
  });

  it('passes over calls of services that no rule names, which is known of a rule', () => {
    expect(isForUnnamedServices(matching({ method: exact('pay') }))).toBe(true);
    expect(isForUnnamedServices(matching({ method: exact('pay'), service: exact('a') }))).toBe(false);
    expect(isForUnnamedServices(matching({ method: { kind: 'present' } }))).toBe(false);
    expect(isForUnnamedServices(matching({ tenant: exact('a') }))).toBe(false);
  });

  it('knows the services of all rules, in order', () => {
    const rules = [matching({ service: regex('c|a') }), matching({ service: exact('b'), method: exact('x') })];
    expect(servicesOf([...rules, matching({ service: { kind: 'prefix', value: 'z' } })])).toEqual(['a', 'b', 'c']);
  });
});
