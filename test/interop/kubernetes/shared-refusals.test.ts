/** Two processes: what a proxy of the one that does not write refuses stands in the status that the other one writes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { metricsIn, namedMetrics } from '../../examples/observability-page.ts';
import { followOrders, ordersRoutes, proxyId, RoutedOrders } from './routed-orders.ts';
import { isWriter, startReplica, systemNamespace } from './running-replicas.ts';

let orders: RoutedOrders;
beforeAll(async () => {
  orders = await RoutedOrders.start();
});
afterAll(async () => {
  await orders?.stop();
});

/** Names of what replicas say to each other. */
async function words(): Promise<readonly string[]> {
  const selector = 'isthmus.dev/replica-of=default';
  const get = ['get', 'configmaps', '-n', systemNamespace, '-l', selector, '-o', 'name'];
  const { stdout } = await orders.kubernetes.kubectl(get);
  return stdout.split('\n').filter((name) => name !== '');
}

test('what a proxy refuses is counted with what those of other replicas refuse, and gone with its replica', async () => {
  await orders.route('get');
  const both = await Promise.all([startReplica(orders.kubernetes), startReplica(orders.kubernetes)]);
  await expect.poll(async () => (await Promise.all(both.map(isWriter))).filter(Boolean)).toHaveLength(1);
  const [writer, other] = (await isWriter(both[0])) ? both : [both[1], both[0]];
  const [near, far] = [await followOrders(writer.xds, 'near'), await followOrders(other.xds, 'far')];
  expect(await orders.waitFor('Programmed')).toContain('condition met');
  await expect.poll(words).toHaveLength(2);
  const metrics = await (await fetch(`http://${writer.admin}/metrics`)).text();
  expect(metrics).toMatch(/^isthmus_reflector_live\{purpose="mesh",kind="MetaRouter"\} 1$/m);
  expect(metrics).toMatch(/^isthmus_reflector_objects\{purpose="mesh",kind="MetaRouter"\} 1$/m);
  for (const kind of ['Lease', 'AddressLease', 'Secret', 'ConfigMap'])
    expect(metrics).toContain(`isthmus_reflector_live{purpose="state",kind="${kind}"} 1`);
  expect(metricsIn(metrics).filter((name) => !namedMetrics.has(name))).toEqual([]);
  await orders.route('put');
  far.refuse(await far.next(), `${ordersRoutes}: no such method`);
  near.acknowledge(await near.next());
  expect(await orders.waitFor('Programmed=False')).toContain('condition met');
  expect(await orders.programmed()).toContain(
    `ISTH0801: 1 proxy refuses it (${proxyId('far')}): ${ordersRoutes}: no such method.`,
  );
  await orders.route('list');
  far.refuse(await far.next(), `${ordersRoutes}: no such method`);
  near.refuse(await near.next(), `${ordersRoutes}: no such method`);
  const programmed = (): Promise<string> => orders.programmed();
  await expect.poll(programmed).toContain(`2 proxies refuse it (${proxyId('far')}, ${proxyId('near')})`);
  other.process.kill('SIGTERM');
  expect(await other.ended).toBe(0);
  await expect.poll(words).toHaveLength(1);
  await expect.poll(programmed).toContain(`1 proxy refuses it (${proxyId('near')})`);
  writer.process.kill('SIGTERM');
  expect(await writer.ended).toBe(0);
});
