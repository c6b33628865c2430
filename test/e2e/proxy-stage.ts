/** A proxy, its servers and its clients for one test; everything is closed when the test ends. */
import { onTestFinished } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type Metaproxy, type MetaproxyOptions, startMetaproxy } from '../../src/proxy/metaproxy.ts';
import { startServer, TestClient, type TestServer } from './awesomerpc-peers.ts';
import { awesomerpcProtocol, bootstrap, listener, type TestCluster } from './proxy-bootstraps.ts';

export interface StageOptions
  extends Pick<MetaproxyOptions, 'limits' | 'admin' | 'adminToken' | 'concurrency' | 'observer'> {
  readonly multiplexing?: boolean;
  readonly protocol?: Readonly<Record<string, unknown>>;
  readonly routes?: readonly unknown[];
  readonly clusters: readonly TestCluster[];
  /** Further fields of the MetaProtocolProxy. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export interface Stage {
  readonly proxy: Metaproxy;
  readonly port: number;
  connect(): Promise<TestClient>;
  /** A counter of the one MetaProtocol listener, by its name in ProtocolStats. */
  counter(name: string): Promise<number>;
  clusterCounter(cluster: string, name: string): Promise<number>;
}

export async function server(...parameters: Parameters<typeof startServer>): Promise<TestServer> {
  const started = await startServer(...parameters);
  onTestFinished(() => started.close());
  return started;
}

/** A proxy in front of `clusters`; every request goes to the first of them unless routes are given. */
export async function stage(options: StageOptions): Promise<Stage> {
  const [port = 0] = await freePorts(1);
  const { clusters, limits, admin, adminToken, concurrency, observer, more } = options;
  const routes = options.routes ?? [{ name: 'default', route: { cluster: clusters[0]?.name } }];
  const protocol = options.protocol ?? awesomerpcProtocol(options.multiplexing ?? true);
  const proxy = await startMetaproxy({
    bootstrap: bootstrap([listener({ protocol, routes, port, ...(more === undefined ? {} : { more }) })], clusters),
    limits: { drainMs: 400, lingerMs: 100, ...limits },
    ...(admin === undefined ? {} : { admin }),
    ...(adminToken === undefined ? {} : { adminToken }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(observer === undefined ? {} : { observer }),
  });
  onTestFinished(() => proxy.stop());
  return {
    proxy,
    port,
    connect: async () => {
      const client = await TestClient.connect(port);
      onTestFinished(() => client.close());
      return client;
    },
    counter: async (name) => (await proxy.snapshot()).protocols[0]?.counters[name] ?? Number.NaN,
    clusterCounter: async (cluster, name) =>
      (await proxy.snapshot()).clusters.find((one) => one.name === cluster)?.counters[name] ?? Number.NaN,
  };
}
