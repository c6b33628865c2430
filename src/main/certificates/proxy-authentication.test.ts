import { expect, it } from 'vitest';
import type { ProxyNode } from '../../model/proxy.ts';
import { authorizeProxy, identityOfProxy } from './proxy-authentication.ts';

const node: ProxyNode = {
  id: 'orders-1',
  kind: 'envoy',
  namespace: 'shop',
  workload: 'orders-1',
  serviceAccount: 'orders',
  addresses: [],
  labels: {},
  extensions: [],
};
const own = 'spiffe://cluster.local/ns/shop/sa/orders';
const plaintext = { address: '127.0.0.1', port: 1 };
const verified = { ...plaintext, identity: own };

it('a proxy without a certificate is nobody, whatever it states, unless its word is to be taken', () => {
  expect(identityOfProxy(() => 'cluster.local', false)(plaintext, node)).toBeUndefined();
  expect(identityOfProxy(() => 'cluster.local', true)(plaintext, node)).toBe(own);
  expect(identityOfProxy(() => 'cluster.local', true)(plaintext, { ...node, serviceAccount: '' })).toBeUndefined();
});

it('a proxy with a certificate is who that says, and may state nothing else', () => {
  expect(identityOfProxy(() => 'cluster.local', true)(verified, { ...node, serviceAccount: 'other' })).toBe(own);
  expect(authorizeProxy(verified, node)).toBeUndefined();
  expect(authorizeProxy(verified, { ...node, serviceAccount: '' })).toBeUndefined();
  expect(authorizeProxy(verified, { ...node, serviceAccount: 'other' })).toMatchObject({ code: 7 });
  expect(authorizeProxy(verified, { ...node, namespace: 'bank' })).toMatchObject({ code: 7 });
});
