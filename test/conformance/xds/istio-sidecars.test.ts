/**
 * Sidecars of istiod with the MetaProtocol filter, as they are deployed: a stream for each route configuration, a
 * connection for each stream, named `<host>_<port>`, and the node that Istio's agent writes.
 */
import { expect, onTestFinished, test } from 'vitest';
import { routeType } from '../../../src/delivery/xds/resources/resource-types.ts';
import type { envoy } from '../../../src/xds-api/messages.ts';
import { InProcessPlane } from '../../e2e/in-process-plane.ts';
import { type Dialect, RawClient, type Response } from './raw-client.ts';

const routeService = '/envoy.service.route.v3.RouteDiscoveryService';
const paths = { sotw: `${routeService}/StreamRoutes`, delta: `${routeService}/DeltaRoutes` };
const dialects: readonly Dialect[] = ['sotw', 'delta'];
const orders = 'orders.shop.mesh_9090';
const payments = 'payments.shop.mesh_9090';

const service = (name: string, address: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  addresses: [${address}]
  ports: [{ number: 9090, name: tcp-metaprotocol-thrift, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: 10.0.0.1, labels: { version: v1 } }, { address: 10.0.0.2, labels: { version: v2 } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: shop }
spec:
  host: ${name}.shop.mesh
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
`;

const mesh = `
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: ApplicationProtocol
metadata: { name: thrift, namespace: isthmus-system }
spec: { protocol: thrift, codec: aeraki.meta_protocol.codec.thrift }
---${service('orders', '127.241.0.7')}---${service('payments', '127.241.0.8')}`;

const router = (name: string, subset: string, more = ''): string => `
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  ${more}
  routes: [{ name: first, route: [{ destination: { host: ${name}.shop.mesh, subset: ${subset} } }] }]
`;

const text = (stringValue: string) => ({ stringValue });

function sidecar(pod = 'web-1', namespace = 'shop', more: envoy.config.core.v3.Node = {}): envoy.config.core.v3.Node {
  return {
    id: `sidecar~10.1.0.1~${pod}.${namespace}~${namespace}.svc.cluster.local`,
    cluster: `web.${namespace}`,
    userAgentName: 'envoy',
    metadata: {
      fields: {
        NAMESPACE: text(namespace),
        SERVICE_ACCOUNT: text('web'),
        MESH_ID: text('cluster.local'),
        ISTIO_VERSION: text('1.18.2'),
        LABELS: { structValue: { fields: { app: text('web') } } },
      },
    },
    extensions: [{ category: 'envoy.filters.network', name: 'aeraki.meta_protocol_proxy' }],
    ...more,
  };
}

interface Sidecar {
  readonly client: RawClient;
  readonly name: string;
}

async function started(): Promise<{ readonly plane: InProcessPlane; readonly target: string }> {
  const plane = await InProcessPlane.create();
  await plane.write('mesh.yaml', mesh);
  await plane.write('orders.yaml', router('orders', 'v1'));
  await plane.write('payments.yaml', router('payments', 'v1'));
  const serving = await plane.serve(['.']);
  return { plane, target: await serving.serving };
}

/** Asks for one route configuration over a connection of its own. */
function ask(target: string, dialect: Dialect, name: string, node = sidecar(), path: string = paths[dialect]): Sidecar {
  const client = new RawClient(target, dialect, { path });
  onTestFinished(() => client.close());
  client.send({ node, typeUrl: routeType, resourceNames: [name], resourceNamesSubscribe: [name] });
  return { client, name };
}

async function taken({ client, name }: Sidecar): Promise<Response> {
  const response = await client.next();
  client.acknowledge(response, [name]);
  return response;
}

const cluster = (subset: string, host = 'orders.shop.mesh'): string => `outbound|9090|${subset}|${host}`;

test.each(dialects)('a sidecar has each route on a stream of its own, and hears of no other (%s)', async (dialect) => {
  const { plane, target } = await started();
  const [first, second] = [ask(target, dialect, orders), ask(target, dialect, payments)];
  const [before, other] = [await taken(first), await taken(second)];
  expect(before.resources).toMatchObject([{ body: expect.stringContaining(cluster('v1')) }]);
  expect(other.resources).toMatchObject([{ body: expect.stringContaining(cluster('v1', 'payments.shop.mesh')) }]);

  await plane.write('orders.yaml', router('orders', 'v2'));
  const after = await taken(first);
  expect(after.resources).toMatchObject([{ body: expect.stringContaining(cluster('v2')) }]);
  expect(after.version).not.toBe(before.version);
  // As it was: the version is of the content, and the other stream has heard of none of it.
  await plane.write('orders.yaml', router('orders', 'v1'));
  expect((await taken(first)).version).toBe(before.version);
  await plane.write('payments.yaml', router('payments', 'v2'));
  expect((await taken(second)).resources).toMatchObject([
    { body: expect.stringContaining(cluster('v2', 'payments.shop.mesh')) },
  ]);
});

test.each(dialects)('one stream that closes takes nothing from the others of its sidecar (%s)', async (dialect) => {
  const { plane, target } = await started();
  const [first, second] = [ask(target, dialect, orders), ask(target, dialect, payments)];
  await taken(first);
  await taken(second);
  await second.client.close();
  await plane.write('orders.yaml', router('orders', 'v2'));
  expect((await taken(first)).resources).toMatchObject([{ body: expect.stringContaining(cluster('v2')) }]);
});

test('FetchRoutes answers once, with what a stream would be sent, and of the same version', async () => {
  const { target } = await started();
  const streamed = await taken(ask(target, 'sotw', orders));
  const { client } = ask(target, 'sotw', orders, sidecar('poller'), `${routeService}/FetchRoutes`);
  client.finish();
  expect(await client.next()).toMatchObject({ version: streamed.version, resources: streamed.resources });
  expect(await client.status).toMatchObject({ code: 0 });
});

test('callers to whose namespace a MetaRouter is not exported have the default route', async () => {
  const { plane, target } = await started();
  await plane.write('orders.yaml', router('orders', 'v2', "exportTo: ['.', pay]"));
  const bodies = async (namespace: string): Promise<string> =>
    (await taken(ask(target, 'sotw', orders, sidecar('web-1', namespace)))).resources.map(({ body }) => body).join();
  await expect.poll(() => bodies('shop')).toContain(cluster('v2'));
  expect(await bodies('pay')).toContain(cluster('v2'));
  expect(await bodies('far')).toContain(cluster(''));
});

test('a sidecar of istiod is none of ours: nothing else is translated for it, and no mistake is reported', async () => {
  const { plane, target } = await started();
  const before = plane.codes();
  await taken(ask(target, 'delta', orders));
  const proxies = await plane.ask<readonly { kind: string; types: readonly { type: string }[] }[]>('/api/v1/proxies');
  expect(proxies).toMatchObject([{ kind: 'istio-sidecar', types: [{ type: 'RDS' }] }]);
  expect(plane.codes()).toEqual(before);
  // Its agent's Envoy, where we are its control plane: one of ours.
  const own = new RawClient(target, 'delta');
  onTestFinished(() => own.close());
  own.send({ node: sidecar('ours'), typeUrl: routeType, resourceNamesSubscribe: [orders] });
  await own.next();
  const kinds = await plane.ask<readonly { kind: string }[]>('/api/v1/proxies');
  expect(kinds.map(({ kind }) => kind).sort()).toEqual(['envoy-meta', 'istio-sidecar']);
});

test('a thousand sidecars that come at once all have their route, and each change of it once', async () => {
  const { plane, target } = await started();
  const all = Array.from({ length: 1000 }, (_, index) =>
    ask(target, index % 2 === 0 ? 'sotw' : 'delta', orders, sidecar(`web-${index}`)),
  );
  const versions = await Promise.all(all.map(async (one) => (await taken(one)).resources.map(({ body }) => body)));
  expect(new Set(versions.flat()).size).toBe(1);
  await plane.write('payments.yaml', router('payments', 'v2'));
  await plane.write('orders.yaml', router('orders', 'v2'));
  const changed = await Promise.all(all.map(async (one) => (await taken(one)).resources.map(({ body }) => body)));
  expect(changed.every((bodies) => bodies.length === 1 && bodies[0]?.includes(cluster('v2')))).toBe(true);
});
