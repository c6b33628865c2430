import { expect, it } from 'vitest';
import { objectName, readableName } from './object-names.ts';

it('gives every host a name that Kubernetes takes, and no two the same', () => {
  const hosts = [
    'a.b',
    'A.b',
    'a_b',
    'a-b',
    '*.example.com',
    'ex*mple',
    '2001:db8::7',
    '10.2.0.0/16',
    '..',
    '',
    'x'.repeat(300),
  ];
  const names = hosts.map((host) => objectName('outbound', `${host}-80`, [host, 80]));
  expect(new Set(names).size).toBe(hosts.length);
  for (const name of names) {
    expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
    expect(name.length).toBeLessThanOrEqual(253);
  }
});

it('tells apart what reads alike: the same host of two namespaces, and a name that hyphens divide elsewhere', () => {
  expect(objectName('outbound', 'h-80', ['a', 'h', 80])).not.toBe(objectName('outbound', 'h-80', ['b', 'h', 80]));
  expect(objectName('outbound', 'h', ['a-b', 'c'])).not.toBe(objectName('outbound', 'h', ['a', 'b-c']));
});

it('stays the same on every replica and after a restart', () => {
  expect(objectName('inbound', 'orders.shop-80', ['shop', 'orders.shop', 80])).toBe(
    'inbound-orders.shop-80-890c5abeb0',
  );
});

it('leaves no dot or hyphen at the ends of a label', () => {
  expect(readableName('-A..b-.-c_.')).toBe('a.b.c');
});
