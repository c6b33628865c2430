import { expect, it } from 'vitest';
import type { StreamStatus } from '../../delivery/xds/reports/status.ts';
import { proxiesNamed, proxyStatuses } from './admin-views.ts';

const secret = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
const cluster = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';

const stream = (id: string, ...types: readonly string[]): StreamStatus => ({
  proxy: {
    id,
    kind: 'envoy',
    namespace: 'shop',
    workload: '',
    serviceAccount: 'orders',
    addresses: [],
    labels: {},
    extensions: [],
  },
  peer: { address: '127.0.0.1', port: 1 },
  dialect: 'sotw',
  connectedAt: 0,
  types: types.map((typeUrl) => ({
    typeUrl,
    state: 'SYNCED',
    wildcard: false,
    subscribed: 1,
    expectedVersion: '',
  })),
  unserved: [],
});

it('who keeps the certificates of a sidecar is no proxy, and whatever asks for more is one', () => {
  const streams = [
    stream('orders', cluster, secret),
    stream('certificates~orders.shop~host-1', secret),
    stream('certificates~named-so', cluster),
    stream('secrets-alone', secret),
  ];
  const shown = proxyStatuses({ streams: () => streams }).map(({ id }) => id);
  expect(shown).toEqual(['certificates~named-so', 'orders', 'secrets-alone']);
});

it('callers of two identities that state one node id are two proxies, each with its own state', () => {
  const of = (identity: string, error?: string): StreamStatus => {
    const one = stream('books-1', cluster);
    const types = one.types.map((type) => (error === undefined ? type : { ...type, state: 'NACKED' as const, error }));
    return { ...one, proxy: { ...one.proxy, identity }, types };
  };
  const [books, thief] = ['spiffe://mesh/ns/shop/sa/books', 'spiffe://mesh/ns/shop/sa/thief'];
  const streams = [of(thief, 'no'), of(books), of(thief)];
  const xds = { streams: () => streams };
  expect(proxyStatuses(xds)).toMatchObject([
    { id: 'books-1', identity: books, streams: 1, types: [{ state: 'SYNCED' }] },
    { id: 'books-1', identity: thief, streams: 2, types: [{ state: 'NACKED' }, { state: 'SYNCED' }] },
  ]);
  expect(proxiesNamed(xds, 'books-1')).toHaveLength(2);
  expect(proxiesNamed(xds, 'books-1', books)).toMatchObject({ identity: books, streams: 1 });
  expect(proxiesNamed(xds, 'books-2')).toBeUndefined();
});
