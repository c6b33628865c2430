/** Two processes: what a proxy of the one that does not write refuses stands in the status that the other one writes. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { routeType } from '../../../src/delivery/xds/resource-types.ts';
import { RawClient } from '../../conformance/xds/raw-client.ts';
import { metricsIn, namedMetrics } from '../../examples/observability-page.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { isWriter, startCluster, startReplica, systemNamespace } from './running-replicas.ts';

let kubernetes: KubernetesServer;

beforeAll(async () => {
  kubernetes = await startCluster();
  await kubernetes.apply(`apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: orders, namespace: shop }
spec:
  hosts: [orders.shop.mesh]
  ports: [{ number: 9090, name: tcp-metaprotocol-thrift, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: 10.0.0.1 }]
`);
});

afterAll(async () => {
  await kubernetes?.stop();
});

const router = (method: string): string => `apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: orders, namespace: shop }
spec:
  hosts: [orders.shop.mesh]
  routes:
    - name: ${method}
      match: { attributes: { method: { exact: ${method} } } }
      route: [{ destination: { host: orders.shop.mesh } }]
`;

const node = (id: string) => ({
  id: `sidecar~10.0.0.9~${id}.shop~shop.svc.cluster.local`,
  metadata: { fields: { ISTHMUS_PROXY_KIND: { stringValue: 'metaproxy' } } },
});

async function follow(address: string, id: string): Promise<RawClient> {
  const client = new RawClient(address, 'delta');
  client.send({ node: node(id), typeUrl: routeType, resourceNamesSubscribe: ['orders.shop.mesh_9090'] });
  client.acknowledge(await client.next());
  return client;
}

async function waitFor(what: string): Promise<string> {
  const wait = ['wait', `--for=condition=${what}`, '--timeout=60s', '-n', 'shop', 'metarouter/orders'];
  const { stdout, stderr } = await kubernetes.kubectl(wait);
  return stdout + stderr;
}

async function programmed(): Promise<string> {
  const output = 'jsonpath={.status.conditions[?(@.type=="Programmed")].message}';
  return (await kubernetes.kubectl(['get', 'metarouter', 'orders', '-n', 'shop', '-o', output])).stdout;
}

async function words(): Promise<readonly string[]> {
  const selector = 'isthmus.dev/replica-of=default';
  const { stdout } = await kubernetes.kubectl([
    'get',
    'configmaps',
    '-n',
    systemNamespace,
    '-l',
    selector,
    '-o',
    'name',
  ]);
  return stdout.split('\n').filter((name) => name !== '');
}

test('what a proxy refuses is counted with what those of other replicas refuse, and gone with its replica', async () => {
  await kubernetes.apply(router('get'));
  const both = await Promise.all([startReplica(kubernetes), startReplica(kubernetes)]);
  await expect.poll(async () => (await Promise.all(both.map(isWriter))).filter(Boolean)).toHaveLength(1);
  const [writer, other] = (await isWriter(both[0])) ? both : [both[1], both[0]];
  const [near, far] = [await follow(writer.xds, 'near'), await follow(other.xds, 'far')];
  onTestFinished(() => {
    for (const client of [near, far]) client.finish();
  });
  expect(await waitFor('Programmed')).toContain('condition met');
  await expect.poll(words).toHaveLength(2);
  const metrics = await (await fetch(`http://${writer.admin}/metrics`)).text();
  expect(metrics).toMatch(/^isthmus_reflector_live\{purpose="mesh",kind="MetaRouter"\} 1$/m);
  expect(metrics).toMatch(/^isthmus_reflector_objects\{purpose="mesh",kind="MetaRouter"\} 1$/m);
  for (const kind of ['Lease', 'AddressLease', 'Secret', 'ConfigMap'])
    expect(metrics).toContain(`isthmus_reflector_live{purpose="state",kind="${kind}"} 1`);
  expect(metricsIn(metrics).filter((name) => !namedMetrics.has(name))).toEqual([]);
  await kubernetes.apply(router('put'));
  far.refuse(await far.next(), 'orders.shop.mesh_9090: no such method');
  near.acknowledge(await near.next());
  expect(await waitFor('Programmed=False')).toContain('condition met');
  expect(await programmed()).toContain(
    `ISTH0801: 1 proxy refuses it (${node('far').id}): orders.shop.mesh_9090: no such method.`,
  );
  await kubernetes.apply(router('list'));
  far.refuse(await far.next(), 'orders.shop.mesh_9090: no such method');
  near.refuse(await near.next(), 'orders.shop.mesh_9090: no such method');
  await expect.poll(programmed).toContain(`2 proxies refuse it (${node('far').id}, ${node('near').id})`);
  other.process.kill('SIGTERM');
  expect(await other.ended).toBe(0);
  await expect.poll(words).toHaveLength(1);
  await expect.poll(programmed).toContain(`1 proxy refuses it (${node('near').id})`);
  writer.process.kill('SIGTERM');
  expect(await writer.ended).toBe(0);
});
