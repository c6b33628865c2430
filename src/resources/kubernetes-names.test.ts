import { expect, test } from 'vitest';
import {
  isDnsLabel,
  isDnsSubdomain,
  isHostName,
  isLabelKey,
  isLabelValue,
  isMixedCaseLabel,
  isServiceName,
  isWildcardHost,
} from './kubernetes-names.ts';

const long = (length: number): string => 'a'.repeat(length);

test.each([
  ['namespaces', isDnsLabel, ['a', 'a-1', '1', long(63)], ['', '-a', 'a-', 'A', 'a.b', 'a_b', long(64), 'a\n']],
  ['Services', isServiceName, ['a', 'a-1', long(63)], ['1a', '', 'A']],
  ['ports and subsets', isMixedCaseLabel, ['Rpc', 'tcp-X-1', '80'], ['', 'a_b', '-a', 'a.b', long(64)]],
  ['objects', isDnsSubdomain, ['a.b-c.1', long(253)], ['', 'a..b', '.a', 'a.', 'A', 'a_b', long(254)]],
  [
    'hosts',
    isHostName,
    ['a', 'orders.shop.mesh', 'A.b.', '1.a', `${long(63)}.b`],
    ['', '.', '*', '*.a', 'a..b', 'a.1', '10.0.0.1', `${long(64)}.b`, `${`${long(60)}.`.repeat(5)}a`, 'a_b.c', 'a b'],
  ],
  ['hosts with a wildcard', isWildcardHost, ['*.a', 'a.b'], ['*', 'a.*.b', '*a.b', '*.*.a', '*.']],
  [
    'label keys',
    isLabelKey,
    ['app', 'App_1.x', 'example.com/app', `a/${long(63)}`],
    ['', '/a', 'a/', 'a/b/c', '-a', 'a b', `a/${long(64)}`, '__proto__'],
  ],
  ['label values', isLabelValue, ['', 'v1', 'A_b.c-1', long(63)], ['-', 'a/b', 'v 1', long(64)]],
] as const)('names of %s are told from what is none', (_, check, good, bad) => {
  expect(good.filter((text) => !check(text))).toEqual([]);
  expect(bad.filter((text) => check(text))).toEqual([]);
});
