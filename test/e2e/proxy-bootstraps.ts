/** Bootstrap files of metaproxy for tests. */

export interface TestCluster {
  readonly name: string;
  readonly ports: readonly number[];
  /** Further fields of the Cluster. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export interface TestListener {
  readonly protocol: Readonly<Record<string, unknown>>;
  readonly routes: readonly unknown[];
  /** Further fields of the MetaProtocolProxy. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly port?: number;
}

const at = (port: number): unknown => ({ socket_address: { address: '127.0.0.1', port_value: port } });

export function cluster({ name, ports, more = {} }: TestCluster): Record<string, unknown> {
  return {
    name,
    type: 'STATIC',
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: ports.map((port) => ({ endpoint: { address: at(port) } })) }],
    },
    ...more,
  };
}

export function listener({ protocol, routes, more = {}, port = 0 }: TestListener): Record<string, unknown> {
  return {
    name: 'test',
    address: at(port),
    filter_chains: [
      {
        filters: [
          {
            name: 'meta_protocol_proxy',
            typed_config: {
              '@type': 'type.googleapis.com/aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy',
              stat_prefix: 'test',
              protocol,
              route_config: { name: 'routes', routes },
              ...more,
            },
          },
        ],
      },
    ],
  };
}

export function awesomerpcProtocol(multiplexing: boolean): Record<string, unknown> {
  return { name: 'awesomerpc', codec: { name: 'aeraki.meta_protocol.codec.awesomerpc' }, multiplexing };
}

/** An access log as an entry of `access_log`. */
export function fileAccessLog(file: string, json_format: Readonly<Record<string, string>>): unknown {
  return {
    name: 'envoy.access_loggers.file',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
      path: file,
      log_format: { json_format },
    },
  };
}

export function bootstrap(listeners: readonly unknown[], clusters: readonly TestCluster[]): unknown {
  return { static_resources: { listeners, clusters: clusters.map(cluster) } };
}
