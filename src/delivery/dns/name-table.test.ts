import { expect, it } from 'vitest';
import { alias, host, service, testTable } from './dns-fixture.ts';
import type { Meaning } from './name-table.ts';

const first = (meaning: Meaning | undefined): string | undefined =>
  meaning?.kind === 'addresses' ? meaning.ipv4[0] : meaning?.kind === 'alias' ? `-> ${meaning.target}` : meaning?.kind;

it('a short name is that of a Kubernetes Service in the namespace of the asker', () => {
  const { table } = testTable([
    host('cart.shop.svc.cluster.local', ['10.0.0.1'], 'shop'),
    host('cart.bank.svc.cluster.local', ['10.0.0.2'], 'bank'),
  ]);
  expect(first(table.find('cart', { namespace: 'shop' }))).toBe('10.0.0.1');
  expect(first(table.find('cart', { namespace: 'bank' }))).toBe('10.0.0.2');
  expect(first(table.find('cart', { namespace: 'other' }))).toBeUndefined();
  expect(first(table.find('cart.bank', { namespace: 'shop' }))).toBe('10.0.0.2');
  expect(first(table.find('cart.bank.svc', { namespace: 'shop' }))).toBe('10.0.0.2');
  expect(first(table.find('cart.bank.svc.cluster.local', { namespace: 'shop' }))).toBe('10.0.0.2');
  expect(first(table.find('', { namespace: 'shop' }))).toBeUndefined();
  expect(first(table.find('svc', { namespace: 'shop' }))).toBeUndefined();
});

it('a host is found behind each search domain that a resolver appends', () => {
  const { table } = testTable([
    host('orders.shop.mesh', ['240.241.0.1']),
    host('cart.shop.svc.cluster.local', ['10.0.0.1']),
    host('*.wild.example', ['10.9.9.9']),
  ]);
  for (const domain of ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local']) {
    expect(first(table.find(`orders.shop.mesh.${domain}`, { namespace: 'shop' }))).toBe('-> orders.shop.mesh');
    expect(first(table.find(`cart.shop.svc.cluster.local.${domain}`, { namespace: 'shop' }))).toBe(
      '-> cart.shop.svc.cluster.local',
    );
    expect(first(table.find(`a.wild.example.${domain}`, { namespace: 'shop' }))).toBe('-> a.wild.example');
    expect(first(table.find(`other.mesh.${domain}`, { namespace: 'shop' }))).toBeUndefined();
  }
});

it('of services that bear one host, an asker gets its own, else the first that it may see', () => {
  const shared = {
    host: 'db.mesh',
    services: [service(['10.0.0.1'], 'a', ['a']), service(['10.0.0.2'], 'b'), service(['10.0.0.3'], 'c')],
  };
  const { table } = testTable([shared, host('private.mesh', ['10.0.0.4'], 'a', ['a', 'b'])]);
  expect(first(table.find('db.mesh', { namespace: 'a' }))).toBe('10.0.0.1');
  expect(first(table.find('db.mesh', { namespace: 'b' }))).toBe('10.0.0.2');
  expect(first(table.find('db.mesh', { namespace: 'c' }))).toBe('10.0.0.3');
  expect(first(table.find('db.mesh', { namespace: 'stranger' }))).toBe('10.0.0.2');
  expect(first(table.find('private.mesh', { namespace: 'b' }))).toBe('10.0.0.4');
  expect(first(table.find('private.mesh', { namespace: 'c' }))).toBeUndefined();
});

it('a wildcard is for names below it that are not declared; the longest one wins', () => {
  const { table, remove } = testTable([
    host('*.example.com', ['10.0.0.1']),
    host('*.a.example.com', ['10.0.0.2']),
    host('x.a.example.com', ['10.0.0.3']),
  ]);
  expect(first(table.find('b.example.com', { namespace: 'shop' }))).toBe('10.0.0.1');
  expect(first(table.find('c.b.example.com', { namespace: 'shop' }))).toBe('10.0.0.1');
  expect(first(table.find('y.a.example.com', { namespace: 'shop' }))).toBe('10.0.0.2');
  expect(first(table.find('x.a.example.com', { namespace: 'shop' }))).toBe('10.0.0.3');
  expect(first(table.find('example.com', { namespace: 'shop' }))).toBeUndefined();
  remove('*.example.com', '*.a.example.com');
  expect(first(table.find('b.example.com', { namespace: 'shop' }))).toBeUndefined();
});

it('a declared host goes before what a short name or a search domain would make of it', () => {
  const { table } = testTable([
    host('cart.shop', ['10.0.0.1']),
    host('cart.shop.svc.cluster.local', ['10.0.0.2']),
    alias('cart.shop.cluster.local', 'x.example'),
  ]);
  expect(first(table.find('cart.shop', { namespace: 'shop' }))).toBe('10.0.0.1');
  expect(first(table.find('cart.shop.cluster.local', { namespace: 'shop' }))).toBe('-> x.example');
});

it('a name is a parent for as long as a name stands below it', () => {
  const { table, set, remove } = testTable([host('a.b.mesh', ['10.0.0.1']), host('*.b.mesh', ['10.0.0.2'])]);
  expect([table.isParent('b.mesh'), table.isParent('mesh'), table.isParent('a.b.mesh')]).toEqual([true, true, false]);
  set(host('a.b.mesh', ['10.0.0.9']));
  remove('a.b.mesh');
  expect(table.isParent('b.mesh')).toBe(true);
  remove('*.b.mesh');
  expect([table.isParent('b.mesh'), table.isParent('mesh')]).toEqual([false, false]);
});

it('who is told of some hosts finds those alone, by whatever name, and of two namespaces the one that it is told of', () => {
  const { table } = testTable([
    host('cart.shop.svc.cluster.local', ['10.0.0.1']),
    host('web.shop.svc.cluster.local', ['10.0.0.2']),
    { host: 'db.mesh', services: [service(['10.0.0.3'], 'shop'), service(['10.0.0.4'], 'bank')] },
    { host: 'db-0.db.mesh', services: [{ ...service(['10.0.0.5'], 'bank'), host: 'db.mesh' }] },
  ]);
  const told = ['shop/cart.shop.svc.cluster.local', 'bank/db.mesh'];
  const asker = { namespace: 'shop', hosts: { has: (key: string) => told.includes(key) } };
  expect(first(table.find('cart', asker))).toBe('10.0.0.1');
  expect(first(table.find('web', asker))).toBeUndefined();
  expect(first(table.find('web.shop.svc.cluster.local', asker))).toBeUndefined();
  expect(first(table.find('db.mesh', asker))).toBe('10.0.0.4');
  expect(first(table.find('db-0.db.mesh', asker))).toBe('10.0.0.5');
});
