/** From an object in a cluster to a proxy that refuses what is made of it, and back to the object: the whole control plane. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InProcessPlane } from '../../e2e/in-process-plane.ts';
import { followOrders, ordersRoutes, proxyId, RoutedOrders } from './routed-orders.ts';
import { systemNamespace } from './running-replicas.ts';

let orders: RoutedOrders;
beforeAll(async () => {
  orders = await RoutedOrders.start();
});
afterAll(async () => {
  await orders?.stop();
});

test('what a proxy refuses is told on the MetaRouter that it comes of, until the proxy takes what mends it', async () => {
  await orders.route('get');
  const mesh = await InProcessPlane.create();
  const cluster = { kubeconfig: orders.kubernetes.kubeconfig(), revision: 'default', systemNamespace };
  const plane = await mesh.serve([], { cluster });
  const buyer = await followOrders(await plane.serving, 'buyer-1');
  expect(await orders.waitFor('Programmed')).toContain('condition met');
  await orders.route('put');
  buyer.refuse(await buyer.next(), `${ordersRoutes}: no such method`);
  expect(await orders.waitFor('Programmed=False')).toContain('condition met');
  expect(await orders.programmed()).toContain(
    `ISTH0801: 1 proxy refuses it (${proxyId('buyer-1')}): ${ordersRoutes}: no such method.`,
  );
  await orders.route('list');
  buyer.acknowledge(await buyer.next());
  expect(await orders.waitFor('Programmed')).toContain('condition met');
});
