import { expect, it } from 'vitest';
import type { StreamStatus } from '../../delivery/xds/status.ts';
import { proxyStatuses } from './admin-views.ts';

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
