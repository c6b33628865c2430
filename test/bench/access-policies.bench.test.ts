import { expect, it } from 'vitest';
import { benchAccessPolicies } from './access-policies.bench.ts';

it('the bench of access policies tells one proxy of changed rules, and its new caller of changed sources', () => {
  const { figures } = benchAccessPolicies(10, [20], 5);
  expect(figures.map(({ targets }) => targets)).toEqual([10, 20]);
  const [few, more] = figures;
  expect(few?.keysOfRules).toBeGreaterThan(0);
  expect([more?.keysOfRules, more?.keysOfSources]).toEqual([few?.keysOfRules, few?.keysOfSources]);
  expect(few?.toldOfRules).toEqual(['RDS account-5']);
  expect(few?.toldOfSources).toEqual([
    'CDS account-9',
    'EDS account-9',
    'LDS account-9',
    'RDS account-5',
    'RDS account-9',
  ]);
});
