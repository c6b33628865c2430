import { expect, it } from 'vitest';
import { applicationProtocol, serviceEntry, testMesh } from '../../mesh/mesh-fixture.ts';
import { summarizeServices } from './service-summaries.ts';

const endpoint = (address: string, locality: string) => ({ address, locality, labels: {} });

it('counts the endpoints of each port over all localities, and says of what a MetaProtocol port is decoded', () => {
  const test = testMesh();
  test.set(
    applicationProtocol('isthmus-system/known', 'known', 'aeraki.meta_protocol.codec.thrift'),
    serviceEntry('shop/orders', {
      hosts: ['orders.shop.mesh'],
      ports: [
        { number: 81, name: 'tcp-metaprotocol-unknown', protocol: 'TCP' },
        { number: 80, name: 'tcp-metaprotocol-known', protocol: 'TCP' },
      ],
      resolution: 'STATIC',
      endpoints: [endpoint('10.0.0.1', 'a/b/c'), endpoint('10.0.0.2', 'a/b/d'), endpoint('10.0.0.3', 'a/b/d')],
    }),
  );
  expect(summarizeServices(test)).toMatchObject([
    {
      host: 'orders.shop.mesh',
      ports: [
        { number: 80, codec: 'aeraki.meta_protocol.codec.thrift', endpoints: { healthy: 3, total: 3 } },
        { number: 81, endpoints: { healthy: 3, total: 3 } },
      ],
    },
  ]);
  expect(summarizeServices(test)[0]?.ports[1]).not.toHaveProperty('codec');
});
