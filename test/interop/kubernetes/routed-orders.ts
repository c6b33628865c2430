/** One service with a MetaRouter in a cluster, what kubectl says of that, and proxies that ask for the routes made of it. */
import { onTestFinished } from 'vitest';
import { routeType } from '../../../src/delivery/xds/resources/resource-types.ts';
import { RawClient } from '../../conformance/xds/raw-client.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { startCluster } from './running-replicas.ts';

/** The routes, as proxies name them. */
export const ordersRoutes = 'orders.shop.mesh_9090';

const service = `apiVersion: networking.istio.io/v1
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

export class RoutedOrders {
  readonly kubernetes: KubernetesServer;

  private constructor(kubernetes: KubernetesServer) {
    this.kubernetes = kubernetes;
  }

  /** A cluster with the service, as yet without a MetaRouter. */
  static async start(): Promise<RoutedOrders> {
    const kubernetes = await startCluster();
    await kubernetes.apply(service);
    return new RoutedOrders(kubernetes);
  }

  /** One route, for calls of a method. */
  async route(method: string): Promise<void> {
    await this.kubernetes.apply(router(method));
  }

  /** What `kubectl wait` says of a condition of the MetaRouter. */
  async waitFor(condition: string): Promise<string> {
    const wait = ['wait', `--for=condition=${condition}`, '--timeout=60s', '-n', 'shop', 'metarouter/orders'];
    const { stdout, stderr } = await this.kubernetes.kubectl(wait);
    return stdout + stderr;
  }

  /** The message of its condition Programmed. */
  async programmed(): Promise<string> {
    const output = 'jsonpath={.status.conditions[?(@.type=="Programmed")].message}';
    return (await this.kubernetes.kubectl(['get', 'metarouter', 'orders', '-n', 'shop', '-o', output])).stdout;
  }

  async stop(): Promise<void> {
    await this.kubernetes.stop();
  }
}

/** Id of the node of a proxy. */
export const proxyId = (name: string): string => `sidecar~10.0.0.9~${name}.shop~shop.svc.cluster.local`;

/** A proxy that has taken the routes as they are now, until the test is over. */
export async function followOrders(address: string, name: string): Promise<RawClient> {
  const client = new RawClient(address, 'delta');
  onTestFinished(() => client.finish());
  const metadata = { fields: { ISTHMUS_PROXY_KIND: { stringValue: 'metaproxy' } } };
  client.send({
    node: { id: proxyId(name), metadata },
    typeUrl: routeType,
    resourceNamesSubscribe: [ordersRoutes],
  });
  client.acknowledge(await client.next());
  return client;
}
