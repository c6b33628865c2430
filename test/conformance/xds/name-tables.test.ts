/** Agents of Istio that have us for their control plane ask for the names that they answer beside a workload. */
import { expect, onTestFinished, test } from 'vitest';
import { nameTableType } from '../../../src/delivery/xds/resources/resource-types.ts';
import { InProcessPlane, serviceEntry } from '../../e2e/in-process-plane.ts';
import { RawClient } from './raw-client.ts';

const node = (namespace: string) => ({
  id: `sidecar~10.1.0.1~web-1.${namespace}~${namespace}.svc.cluster.local`,
  userAgentName: 'envoy',
  metadata: { fields: { ISTIO_VERSION: { stringValue: '1.26.0' }, DNS_CAPTURE: { stringValue: 'true' } } },
});

test.each(['sotw', 'delta'] as const)(
  'an agent has the names of its namespace, and each change of them (%s)',
  async (dialect) => {
    const plane = await InProcessPlane.create();
    await plane.write('orders.yaml', serviceEntry('orders'));
    const target = await (await plane.serve(['.'])).serving;
    const client = new RawClient(target, dialect);
    onTestFinished(() => client.close());
    client.send({ node: node('shop'), typeUrl: nameTableType });
    const first = await client.next();
    const address = (await plane.leaseOf('shop/orders.shop.mesh'))?.ipv4 ?? 'none';
    expect(first).toMatchObject({ typeUrl: nameTableType, resources: [{ typeUrl: nameTableType }] });
    expect(first.resources[0]?.body).toContain('orders.shop.mesh');
    expect(first.resources[0]?.body).toContain(address);
    client.acknowledge(first);

    await plane.write('payments.yaml', serviceEntry('payments'));
    const bodies: string[] = [];
    // The name may come before the virtual IP that it leads to.
    while (!bodies.at(-1)?.includes('payments.shop.mesh')) {
      const response = await client.next();
      client.acknowledge(response);
      bodies.push(...response.resources.map(({ body }) => body));
    }
    expect(bodies.at(-1)).toContain('orders.shop.mesh');
  },
);

test('a table is one resource, which a second agent of the namespace is given as it is', async () => {
  const plane = await InProcessPlane.create();
  await plane.write('orders.yaml', serviceEntry('orders'));
  const target = await (await plane.serve(['.'])).serving;
  const tables = await Promise.all(
    ['shop', 'shop', 'pay'].map(async (namespace) => {
      const client = new RawClient(target, 'delta');
      onTestFinished(() => client.close());
      client.send({ node: node(namespace), typeUrl: nameTableType });
      return (await client.next()).resources;
    }),
  );
  expect(tables.map((resources) => resources.length)).toEqual([1, 1, 1]);
  expect(tables[1]).toEqual(tables[0]);
});
