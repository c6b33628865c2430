import { expect, it } from 'vitest';
import { alias, host, pending, testTable } from './dns-fixture.ts';
import { MAX_ALIASES, resolve } from './resolution.ts';

const asked = (name: string) => ({ name, asker: { namespace: 'shop' }, wantsAlias: false });
const chain = (length: number) => [
  ...Array.from({ length }, (_, at) => alias(`n${at}.mesh`, `n${at + 1}.mesh`)),
  host(`n${length}.mesh`, ['10.0.0.1']),
];

it('aliases are followed to their end, each in its order', () => {
  const { table } = testTable(chain(3));
  expect(resolve(table, asked('n0.mesh'), 30)).toEqual({
    aliases: ['n1.mesh', 'n2.mesh', 'n3.mesh'].map((target) => ({ target, ttl: 30 })),
    name: 'n3.mesh',
    ending: { kind: 'addresses', ipv4: ['10.0.0.1'], ipv6: [] },
  });
});

it('a chain that is too long fails, the longest one does not', () => {
  expect(resolve(testTable(chain(MAX_ALIASES)).table, asked('n0.mesh'), 30).ending.kind).toBe('addresses');
  expect(resolve(testTable(chain(MAX_ALIASES + 1)).table, asked('n0.mesh'), 30).ending.kind).toBe('failed');
});

it('a circle fails, also one that came back from elsewhere', () => {
  const { table } = testTable([alias('a.mesh', 'b.mesh'), alias('b.mesh', 'a.mesh'), alias('c.mesh', 'x.example')]);
  expect(resolve(table, asked('a.mesh'), 30).ending.kind).toBe('failed');
  const before = [
    { target: 'x.example', ttl: 60 },
    { target: 'c.mesh', ttl: 60 },
  ];
  expect(resolve(table, asked('c.mesh'), 30, before).ending.kind).toBe('failed');
});

it('an end is elsewhere, absent, or there without data', () => {
  const { table } = testTable([
    alias('a.mesh', 'www.example'),
    alias('b.mesh', 'no.mesh'),
    pending('c.mesh'),
    host('x.y.mesh', []),
  ]);
  const ending = (name: string) => resolve(table, asked(name), 30).ending.kind;
  expect(['a.mesh', 'b.mesh', 'c.mesh', 'y.mesh', 'mesh', 'other.example'].map(ending)).toEqual([
    'elsewhere',
    'no-such-name',
    'failed',
    'no-data',
    'no-data',
    'elsewhere',
  ]);
});
