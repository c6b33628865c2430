import { RE2JS } from 're2js';
import { expect, it } from 'vitest';
import type { AccessRule, RequestCondition } from './access.ts';
import { type AccessCall, type AccessRequest, allowed } from './access-decision.ts';

const BUYER = 'spiffe://cluster.local/ns/shop/sa/buyer';

const rule = (parts: Partial<AccessRule> = {}): AccessRule => ({
  object: { kind: 'TrafficTarget', namespace: 'shop', name: 'books' },
  sources: [BUYER],
  ports: 'any',
  requests: 'any',
  ...parts,
});

const when = (...conditions: readonly Partial<RequestCondition>[]) =>
  rule({ requests: conditions.map((parts) => ({ pathRegex: '', methods: [], headers: [], ...parts })) });

const decide = (rules: readonly AccessRule[], call: Partial<AccessCall> = {}) =>
  allowed({ key: 'x', rules }, { source: BUYER, port: 80, ...call }, (regex, text) => RE2JS.matches(regex, text));

const asks = (rules: readonly AccessRule[], request: Partial<AccessRequest>) =>
  decide(rules, { request: { method: 'GET', path: '/', headers: [], ...request } });

it('permits nothing where there is no policy, and nothing by what is empty', () => {
  expect(allowed(undefined, { source: BUYER, port: 80 }, () => true).allowed).toBe(false);
  for (const empty of [rule({ sources: [] }), rule({ ports: [] }), when()])
    expect(asks([empty], {})).toEqual({ allowed: false, by: [], isMalformed: false });
});

it('asks for the caller, of whom any has a SPIFFE id, and for the port of the workload', () => {
  expect(decide([rule()]).allowed).toBe(true);
  expect(decide([rule()], { source: 'spiffe://cluster.local/ns/far/sa/buyer' }).allowed).toBe(false);
  expect(decide([rule({ sources: 'any' })], { source: 'spiffe://far/x' }).allowed).toBe(true);
  expect(decide([rule({ sources: 'any' })], { source: undefined }).allowed).toBe(false);
  expect(decide([rule({ ports: [80] })]).allowed).toBe(true);
  expect(decide([rule({ ports: [443] })]).allowed).toBe(false);
});

it('names all rules that permit a request, however they overlap', () => {
  const named = (name: string, base: AccessRule) => ({ ...base, object: { kind: 'TrafficTarget', name } });
  const rules = [
    named('narrow', when({ pathRegex: '/books/1' })),
    named('others', { ...when({ pathRegex: '/books' }), sources: ['spiffe://x/y'] }),
    named('wide', when({ pathRegex: '/books' })),
    named('posts', when({ methods: ['POST'] })),
  ];
  const by = (request: Partial<AccessRequest>) => asks(rules, request).by.map(({ object }) => object.name);
  expect(by({ path: '/books/1' })).toEqual(['narrow', 'wide']);
  expect(by({ path: '/books/2', method: 'POST' })).toEqual(['wide', 'posts']);
  expect(by({ path: '/' })).toEqual([]);
});

it('gives no connection what is for HTTP requests', () => {
  expect(decide([when({})]).allowed).toBe(false);
  expect(asks([when({})], {}).allowed).toBe(true);
});

it('anchors paths at their start, without their query, after they were made plain', () => {
  const books = [when({ pathRegex: '/books' })];
  expect(asks(books, { path: '/books/1?x=/../..' }).allowed).toBe(true);
  expect(asks(books, { path: '/x/../books' }).allowed).toBe(true);
  expect(asks(books, { path: '/old/books' }).allowed).toBe(false);
  expect(asks(books, { path: '/books/../admin' }).allowed).toBe(false);
  expect(asks(books, { path: '/books%2F1' })).toEqual({ allowed: false, by: [], isMalformed: true });
});

it('takes the whole value of a header of any case, of which one of several is enough', () => {
  const good = [when({ headers: [{ name: 'x-role', regex: 'good' }] })];
  const headers = (...values: readonly string[]) => values.map((value) => ({ name: 'X-Role', value }));
  expect(asks(good, { headers: headers('good') }).allowed).toBe(true);
  expect(asks(good, { headers: headers(' good\t') }).allowed).toBe(true);
  expect(asks(good, { headers: headers('bad', 'good') }).allowed).toBe(true);
  expect(asks(good, { headers: headers('goods') }).allowed).toBe(false);
  expect(asks(good, { headers: headers('bad', 'good,') }).allowed).toBe(false);
  expect(asks(good, {}).allowed).toBe(false);
});

it('takes headers of which the proxy keeps one value for one, and the authority for the host', () => {
  const condition = (name: string, regex: string) => [when({ headers: [{ name, regex }] })];
  const twice = (name: string) => ['a', 'b'].map((value) => ({ name, value }));
  expect(asks(condition('user-agent', 'a'), { headers: twice('user-agent') }).allowed).toBe(false);
  expect(asks(condition('user-agent', 'a,b'), { headers: twice('user-agent') }).allowed).toBe(true);
  expect(asks(condition('host', 'a'), { headers: [{ name: ':authority', value: 'a' }] }).allowed).toBe(true);
  expect(asks(condition('keep-alive', '.*'), { headers: twice('keep-alive') }).allowed).toBe(false);
});

it('takes cookies for one over HTTP/2, and each by itself over HTTP/1.1', () => {
  const condition = (regex: string) => [when({ headers: [{ name: 'cookie', regex }] })];
  const headers = ['a', 'b'].map((value) => ({ name: 'cookie', value }));
  expect(asks(condition('b'), { headers }).allowed).toBe(true);
  expect(asks(condition('b'), { headers, isHttp2: true }).allowed).toBe(false);
  expect(asks(condition('a; b'), { headers, isHttp2: true }).allowed).toBe(true);
});

it('compares bytes, as proxies do: a dot is one of them', () => {
  const named = (regex: string) => [when({ headers: [{ name: 'x-name', regex }] })];
  const headers = [{ name: 'x-name', value: 'café' }];
  expect(asks(named('café'), { headers }).allowed).toBe(true);
  expect(asks(named('caf.'), { headers }).allowed).toBe(false);
  expect(asks(named('caf..'), { headers }).allowed).toBe(true);
});
