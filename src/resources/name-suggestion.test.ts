import { expect, test } from 'vitest';
import { suggestName } from './name-suggestion.ts';

const names = ['hosts', 'ports', 'endpoints', 'workloadSelector', 'exportTo'];

test.each([
  ['workload_selector', 'workloadSelector'],
  ['WorkloadSelectors', 'workloadSelector'],
  ['host', 'hosts'],
  ['port', 'ports'],
  ['endpionts', 'endpoints'],
  ['export-to', 'exportTo'],
])('%s is taken for %s', (written, meant) => {
  expect(suggestName(written, names)).toBe(meant);
});

test('what is near nothing is taken for nothing, however long it is', () => {
  expect(suggestName('resolution', names)).toBeUndefined();
  expect(suggestName('', names)).toBeUndefined();
  expect(suggestName('hosts'.repeat(1000), names)).toBeUndefined();
});
