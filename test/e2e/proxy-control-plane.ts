/** A control plane for one test: our xDS server over resources that the test puts there, and a proxy that asks it. */
import { onTestFinished } from 'vitest';
import { createResourceStore, type ResourceStore } from '../../src/delivery/xds/resources/resource-store.ts';
import { createXdsServer, type XdsServer } from '../../src/delivery/xds/server.ts';
import { type Metaproxy, type MetaproxyOptions, startMetaproxy } from '../../src/proxy/metaproxy.ts';
import { encode, type MessageName, typeUrl } from '../../src/xds-api/messages.ts';
import { fromJson } from '../../src/xds-api/proto-json.ts';

let revision = 0;

export class TestControlPlane {
  readonly store: ResourceStore = createResourceStore({ scopesOf: () => ['all'] });
  readonly #server: XdsServer = createXdsServer({ source: this.store });
  port = 0;

  static async start(port = 0): Promise<TestControlPlane> {
    const plane = new TestControlPlane();
    await plane.listen(port);
    onTestFinished(() => plane.stop());
    return plane;
  }

  get server(): XdsServer {
    return this.#server;
  }

  async listen(port: number): Promise<void> {
    this.port = (await this.#server.listen({ host: '127.0.0.1', port })).port;
  }

  async stop(): Promise<void> {
    await this.#server.close(0);
  }

  /** Puts a resource there as proto JSON, or takes it away. */
  put(message: MessageName, name: string, json: unknown): void {
    const url = typeUrl(message);
    const body = json === undefined ? undefined : encode(message, fromJson(message, json));
    const resource = body === undefined ? undefined : { typeUrl: url, name, version: String(++revision), body };
    this.store.apply([{ scope: 'all', typeUrl: url, name, resource }]);
  }

  cluster(name: string, ports: readonly number[]): void {
    this.put('envoy.config.cluster.v3.Cluster', name, {
      name,
      type: 'EDS',
      edsClusterConfig: { edsConfig: { ads: {} } },
    });
    this.endpoints(name, ports);
  }

  endpoints(name: string, ports: readonly number[]): void {
    this.put('envoy.config.endpoint.v3.ClusterLoadAssignment', name, {
      clusterName: name,
      endpoints: [
        {
          lbEndpoints: ports.map((portValue) => ({
            endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue } } },
          })),
        },
      ],
    });
  }

  /** MetaProtocol routes as they travel: an HTTP RouteConfiguration with one virtual host. */
  routes(name: string, routes: readonly unknown[]): void {
    this.put('envoy.config.route.v3.RouteConfiguration', name, {
      name,
      virtualHosts: [{ name: 'dummy', domains: ['*'], routes }],
    });
  }

  listener(name: string, port: number, more: Readonly<Record<string, unknown>> = {}): void {
    this.put('envoy.config.listener.v3.Listener', name, {
      name,
      address: { socketAddress: { address: '127.0.0.1', portValue: port } },
      filterChains: [
        {
          filters: [
            {
              name: 'envoy.filters.network.meta_protocol_proxy',
              typedConfig: {
                '@type': 'type.googleapis.com/aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy',
                statPrefix: 'test',
                protocol: {
                  name: 'awesomerpc',
                  codec: { name: 'aeraki.meta_protocol.codec.awesomerpc' },
                  multiplexing: true,
                },
                rds: { configSource: { ads: {} }, routeConfigName: `${name}-routes` },
                ...more,
              },
            },
          ],
        },
      ],
    });
  }

  async proxy(options: Partial<MetaproxyOptions> = {}): Promise<Metaproxy> {
    const proxy = await startMetaproxy({
      xds: { address: `127.0.0.1:${this.port}`, delta: options.xds?.delta ?? true },
      node: { id: 'test', namespace: 'shop' },
      limits: { drainMs: 400, lingerMs: 100, listenerGraceMs: 100, ...options.limits },
      ...('observer' in options && options.observer !== undefined ? { observer: options.observer } : {}),
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    });
    onTestFinished(() => proxy.stop());
    return proxy;
  }
}
