import { expect, test } from 'vitest';
import { readSpiffeId } from './spiffe-ids.ts';

test.each([
  ['spiffe://cluster.local/ns/shop/sa/orders', 'spiffe://cluster.local/ns/shop/sa/orders'],
  ['cluster.local/ns/shop/sa/orders', 'spiffe://cluster.local/ns/shop/sa/orders'],
  ['federated.example/boundary/Name_1', 'spiffe://federated.example/boundary/Name_1'],
])('%s is an id, with its scheme', (text, id) => {
  expect(readSpiffeId(text)).toBe(id);
});

test.each([
  '',
  'spiffe://',
  'cluster.local',
  'cluster.local/',
  'cluster.local//sa',
  'cluster.local/ns/',
  'Cluster.local/ns/a',
  'cluster.local:8080/ns/a',
  'user@cluster.local/ns/a',
  'cluster.local/ns/./sa/b',
  'cluster.local/ns/../sa/b',
  'cluster.local/ns/a?b',
  'cluster.local/ns/a%20b',
  'cluster.local/ns/*',
  'SPIFFE://cluster.local/ns/a',
  `cluster.local/${'a'.repeat(2048)}`,
])('%s is none of a workload', (text) => {
  expect(readSpiffeId(text)).toBeUndefined();
});
