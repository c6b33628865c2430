import { expect, it } from 'vitest';
import { shown } from '../translation-fixture.ts';
import { translateSecrets } from './secrets.ts';

const domain = (name: string) => ({ name, roots: [`root of ${name}`] });
const secrets = { chain: ['leaf'], key: 'key', own: domain('ours'), others: [domain('a'), domain('b')] };
const validation = (beside: readonly (readonly string[] | 'any')[], others = secrets.others) =>
  Object.fromEntries(
    Object.entries(shown(translateSecrets('spiffe://ours/ns/x/sa/y', { ...secrets, others, beside })))
      .filter(([name]) => name.includes('ROOTCA'))
      .map(([name, secret]) => [name.slice(name.indexOf('ROOTCA')), JSON.stringify(secret)]),
  );
const spiffe = (...names: readonly string[]) =>
  names.map((name) => `"name":"${name}","trustBundle":{"inlineString":"root of ${name}"}`).join('},{');

it('the roots of the mesh are those of its own trust domain, whomever it trusts beside', () => {
  expect(validation([])).toEqual({
    ROOTCA: '{"name":"ROOTCA","validationContext":{"trustedCa":{"inlineString":"root of ours"}}}',
  });
});

it('the roots of others stand beside our own, each for its own trust domain, as a port asks for them', () => {
  const all = validation(['any', ['b']]);
  expect(Object.keys(all).sort()).toEqual(['ROOTCA', 'ROOTCA|*', 'ROOTCA|b']);
  expect(all['ROOTCA|*']).toContain(`[{${spiffe('ours', 'a', 'b')}}]`);
  expect(all['ROOTCA|b']).toContain(`[{${spiffe('ours', 'b')}}]`);
});

it('a trust domain whose roots are not known yet is believed nobody of, and keeps no port shut to others', () => {
  const trustedCa = '"validationContext":{"trustedCa":{"inlineString":"root of ours"}}';
  const all = validation(['any', ['b']], []);
  expect([all['ROOTCA|*'], all['ROOTCA|b']].map((one) => one?.includes(trustedCa))).toEqual([true, true]);
});
