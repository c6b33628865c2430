import { expect, test } from 'vitest';
import { isEveryRequest, isRouted, type RoutedRequest } from './routed-request.ts';

const every: RoutedRequest = { pathRegex: '', methods: [], headers: [] };
const matches = (regex: string, text: string) =>
  new RegExp(`^(?:${regex.replace('(?i)', '')})$`, regex.includes('(?i)') ? 'i' : '').test(text);

interface Asked {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly namespace?: string;
}

function isFor(condition: Partial<RoutedRequest>, { path = '/', headers = {}, namespace }: Asked): boolean {
  const list = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return isRouted({ method: 'GET', path, headers: list }, namespace, [{ ...every, ...condition }], matches);
}

test('a path is compared as a whole or by its beginning, without its query', () => {
  const exact = { path: { kind: 'exact', value: '/a.b' } } as const;
  expect(['/a.b', '/a.b?c=d', '/a.b/', '/aXb', '/A.B'].map((path) => isFor(exact, { path }))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  const prefix = { path: { kind: 'prefix', value: '/a', ignoresCase: true } } as const;
  expect(['/a', '/A/b', '/b'].map((path) => isFor(prefix, { path }))).toEqual([true, true, false]);
});

test('the first parameter of a name counts, and one may only have to be there', () => {
  const query = [{ name: 'a', regex: '1|2' }, { name: 'b' }];
  const asked = ['/?a=1&b', '/?b=x&a=2&a=9', '/?a=9&a=1&b', '/?a=1', '/'];
  expect(asked.map((path) => isFor({ query }, { path }))).toEqual([true, true, false, false, false]);
});

test('what may not be there keeps a request out; a header that is missing counts as empty', () => {
  const named = [{ name: 'x-old' }];
  expect(isFor({ withoutHeaders: named }, {})).toBe(true);
  expect(isFor({ withoutHeaders: named }, { headers: { 'X-Old': '' } })).toBe(false);
  const valued = [{ name: 'agent', regex: 'bot.*' }];
  expect(isFor({ withoutHeaders: valued }, { headers: { agent: 'robot' } })).toBe(true);
  expect(isFor({ withoutHeaders: valued }, { headers: { agent: 'bots' } })).toBe(false);
  expect(isFor({ withoutHeaders: [{ name: 'agent', regex: '.*' }] }, {})).toBe(false);
});

test('the method counts as a header of that name, which is how routes ask for it by a pattern', () => {
  expect(isFor({ headers: [{ name: ':method', regex: 'GET|HEAD' }] }, {})).toBe(true);
  expect(isFor({ headers: [{ name: ':method', regex: 'P.*' }] }, {})).toBe(false);
});

test('callers of whom no namespace is known are of none', () => {
  expect(isFor({ sourceNamespace: 'desk' }, { namespace: 'desk' })).toBe(true);
  expect(isFor({ sourceNamespace: 'desk' }, { namespace: 'shop' })).toBe(false);
  expect(isFor({ sourceNamespace: 'desk' }, {})).toBe(false);
});

test('only a condition that asks for nothing is for every request', () => {
  expect(isEveryRequest(every)).toBe(true);
  const asking: readonly Partial<RoutedRequest>[] = [
    { path: { kind: 'prefix', value: '/a' } },
    { query: [{ name: 'a' }] },
    { withoutHeaders: [{ name: 'a' }] },
    { sourceNamespace: 'desk' },
  ];
  expect(asking.map((one) => isEveryRequest({ ...every, ...one }))).toEqual([false, false, false, false]);
});
