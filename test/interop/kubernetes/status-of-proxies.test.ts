/** From an object in a cluster to a proxy that refuses what is made of it, and back to the object: the whole control plane. */
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routeType } from '../../../src/delivery/xds/resource-types.ts';
import { RawClient } from '../../conformance/xds/raw-client.ts';
import { InProcessPlane } from '../../e2e/in-process-plane.ts';
import { istioDefinitions } from '../../peers/kubernetes/istio-definitions.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

const manifests = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Namespace
metadata: { name: isthmus-system }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: orders, namespace: shop }
spec:
  hosts: [orders.shop.mesh]
  ports: [{ number: 9090, name: tcp-metaprotocol-thrift, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: 10.0.0.1 }]
`;

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

const node = {
  id: 'sidecar~10.0.0.9~buyer-1.shop~shop.svc.cluster.local',
  metadata: { fields: { ISTHMUS_PROXY_KIND: { stringValue: 'metaproxy' } } },
};

let kubernetes: KubernetesServer;

beforeAll(async () => {
  kubernetes = await KubernetesServer.start();
  await kubernetes.apply(istioDefinitions());
  await kubernetes.applyDefinitions(path.resolve(import.meta.dirname, '../../../crds'));
  await kubernetes.apply(manifests);
});

afterAll(async () => {
  await kubernetes?.stop();
});

async function waitFor(what: string): Promise<string> {
  const wait = ['wait', `--for=condition=${what}`, '--timeout=60s', '-n', 'shop', 'metarouter/orders'];
  const { stdout, stderr } = await kubernetes.kubectl(wait);
  return stdout + stderr;
}

async function messageOf(type: string): Promise<string> {
  const output = `jsonpath={.status.conditions[?(@.type=="${type}")].message}`;
  return (await kubernetes.kubectl(['get', 'metarouter', 'orders', '-n', 'shop', '-o', output])).stdout;
}

test('what a proxy refuses is told on the MetaRouter that it comes of, until the proxy takes what mends it', async () => {
  await kubernetes.apply(router('get'));
  const mesh = await InProcessPlane.create();
  const cluster = { kubeconfig: kubernetes.kubeconfig(), revision: 'default', systemNamespace: 'isthmus-system' };
  const plane = await mesh.serve([], { cluster });
  const client = new RawClient(await plane.serving, 'delta');
  client.send({ node, typeUrl: routeType, resourceNamesSubscribe: ['orders.shop.mesh_9090'] });
  client.acknowledge(await client.next());
  expect(await waitFor('Programmed')).toContain('condition met');
  await kubernetes.apply(router('put'));
  client.refuse(await client.next(), 'orders.shop.mesh_9090: no such method');
  expect(await waitFor('Programmed=False')).toContain('condition met');
  expect(await messageOf('Programmed')).toContain(
    `ISTH0801: 1 proxy refuses it (${node.id}): orders.shop.mesh_9090: no such method.`,
  );
  await kubernetes.apply(router('list'));
  client.acknowledge(await client.next());
  expect(await waitFor('Programmed')).toContain('condition met');
  client.finish();
});
