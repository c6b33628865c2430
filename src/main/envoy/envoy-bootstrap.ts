/**
 * The bootstrap of a stock Envoy beside a workload: who it is and where its control plane is go in, plain values in the form of
 * proto JSON go out. Everything else that it does it is told over its one delta ADS stream. No key or token ever stands in it:
 * certificates are files that Envoy watches.
 */
import { isIP } from 'node:net';
import type { Locality } from '../../model/endpoint.ts';
import { type Identity, spiffeId } from '../../model/identity.ts';
import type { Interception } from '../../model/proxy.ts';
import type { TcpAddress } from '../../model/tcp-address.ts';
import { certificateFiles } from '../certificates/proxy-certificates-folder.ts';
import { envoyHealth } from './envoy-health.ts';

export interface EnvoyWorkload {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** IP addresses; its inbound listeners stand on them. At least one. */
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly interception?: Interception;
  readonly locality?: Locality;
}

export type EnvoyControlPlane =
  | { readonly kind: 'plaintext'; readonly address: TcpAddress }
  /** `folder`: absolute path of the proxy's certificates. `identity`: who alone may answer there. */
  | { readonly kind: 'tls'; readonly address: TcpAddress; readonly folder: string; readonly identity: Identity };

export interface EnvoyBootstrap {
  readonly workload: EnvoyWorkload;
  readonly controlPlane: EnvoyControlPlane;
  readonly admin: TcpAddress;
  /** At which everybody is told whether it is ready. */
  readonly healthPort?: number;
  /** Put on each connection that it opens. */
  readonly mark?: number;
  /** Refuses whatever Envoy calls deprecated. */
  readonly strict: boolean;
}

const type = (name: string) => ({ '@type': `type.googleapis.com/${name}` });
const controlPlaneCluster = 'isthmus-control-plane';
/** As many file descriptors as distributions give a service, halved: each connection has another behind it. */
const maxConnections = 32_768;
/** Envoy's own bound, 100, refuses expressions that validation has taken, and bounded in its own way. */
const unboundedProgramSize = 2 ** 32 - 1;

export function envoyBootstrap(bootstrap: EnvoyBootstrap): object {
  const { workload, controlPlane, admin, healthPort, mark, strict } = bootstrap;
  const health = healthPort === undefined ? undefined : envoyHealth(healthPort, workload.addresses, admin);
  const fromAds = { ads: {}, initial_fetch_timeout: '0s', resource_api_version: 'V3' };
  return {
    node: nodeOf(workload),
    admin: { address: socketAddress(admin), ignore_global_conn_limit: true },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: controlPlaneCluster } }],
      },
      cds_config: fromAds,
      lds_config: fromAds,
    },
    ...(mark === undefined ? {} : { cluster_manager: { upstream_bind_config: marked(mark) } }),
    static_resources: {
      clusters: [clusterOf(controlPlane), ...(health === undefined ? [] : [health.cluster])],
      ...(health === undefined ? {} : { listeners: [health.listener] }),
    },
    layered_runtime: { layers: [{ name: 'isthmus', static_layer: runtime(strict) }] },
    overload_manager: overloadManager,
    ...reportedMetrics,
  };
}

function nodeOf({ name, namespace, serviceAccount, addresses, labels, interception, locality }: EnvoyWorkload): object {
  return {
    id: `sidecar~${addresses[0] ?? ''}~${name}.${namespace}~${namespace}.svc.cluster.local`,
    cluster: `${name}.${namespace}`,
    ...(locality === undefined ? {} : { locality: nodeLocality(locality) }),
    metadata: {
      NAMESPACE: namespace,
      SERVICE_ACCOUNT: serviceAccount,
      INSTANCE_IPS: addresses.join(','),
      ...(interception === undefined ? {} : { INTERCEPTION_MODE: interception.toUpperCase() }),
      ...(Object.keys(labels).length === 0 ? {} : { LABELS: labels }),
    },
  };
}

/** SOL_SOCKET and SO_MARK of Linux. */
function marked(mark: number): object {
  return { socket_options: [{ description: 'mark', level: 1, name: 36, int_value: mark, state: 'STATE_PREBIND' }] };
}

function nodeLocality({ region, zone, subzone }: Locality): object {
  return { region, zone, ...(subzone === '' ? {} : { sub_zone: subzone }) };
}

function runtime(strict: boolean): object {
  return {
    're2.max_program_size.error_level': unboundedProgramSize,
    're2.max_program_size.warn_level': unboundedProgramSize,
    ...(strict ? { 'envoy.features.fail_on_any_deprecated_feature': true } : {}),
  };
}

const overloadManager = {
  resource_monitors: [
    {
      name: 'envoy.resource_monitors.global_downstream_max_connections',
      typed_config: {
        ...type('envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig'),
        max_active_downstream_connections: maxConnections,
      },
    },
  ],
};

/**
 * What it counts goes to the control plane, which makes TrafficMetrics of it: increments, and histograms in buckets that are
 * narrow where requests are quick (milliseconds).
 */
const reportedMetrics = {
  stats_flush_interval: '10s',
  stats_sinks: [
    {
      name: 'envoy.stat_sinks.metrics_service',
      typed_config: {
        ...type('envoy.config.metrics.v3.MetricsServiceConfig'),
        grpc_service: { envoy_grpc: { cluster_name: controlPlaneCluster } },
        transport_api_version: 'V3',
        report_counters_as_deltas: true,
        histogram_emit_mode: 'HISTOGRAM',
      },
    },
  ],
  stats_config: {
    histogram_bucket_settings: [
      {
        match: { prefix: 'cluster.' },
        buckets: [
          0.5, 1, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2000,
          3000, 5000, 10_000, 20_000, 30_000, 60_000,
        ],
      },
    ],
  },
};

function clusterOf(controlPlane: EnvoyControlPlane): object {
  const { address } = controlPlane;
  return {
    name: controlPlaneCluster,
    connect_timeout: '5s',
    ...(isIP(address.host) === 0 ? foundByName : { type: 'STATIC' }),
    load_assignment: {
      cluster_name: controlPlaneCluster,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(address) } }] }],
    },
    typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': http2 },
    // A control plane that went away without a word is noticed within a minute.
    upstream_connection_options: {
      tcp_keepalive: { keepalive_time: 30, keepalive_interval: 10, keepalive_probes: 3 },
    },
    ...(controlPlane.kind === 'plaintext' ? {} : { transport_socket: mutualTls(controlPlane) }),
  };
}

const foundByName = {
  cluster_type: {
    name: 'envoy.cluster.dns',
    typed_config: type('envoy.extensions.clusters.dns.v3.DnsCluster'),
  },
};

const http2 = {
  ...type('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
  explicit_http_config: {
    http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '10s' } },
  },
};

function mutualTls({ folder, identity }: Extract<EnvoyControlPlane, { readonly kind: 'tls' }>): object {
  const { certificateSds, rootsSds } = certificateFiles(folder);
  const fromFile = (path: string) => ({
    path_config_source: { path, watched_directory: { path: folder } },
    resource_api_version: 'V3',
  });
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      ...type('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
        alpn_protocols: ['h2'],
        tls_certificate_sds_secret_configs: [{ name: certificateSecret, sds_config: fromFile(certificateSds) }],
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: spiffeId(identity) } }],
          },
          validation_context_sds_secret_config: { name: rootsSecret, sds_config: fromFile(rootsSds) },
        },
      },
    },
  };
}

const certificateSecret = 'workload-certificate';
const rootsSecret = 'mesh-roots';

/** What the two files hold that name the certificate's files and the roots' to Envoy. `folder` is an absolute path. */
export function envoySecrets(folder: string): { readonly certificate: object; readonly roots: object } {
  const { chain, key, roots } = certificateFiles(folder);
  const watched = { watched_directory: { path: folder } };
  const secret = (content: object) => ({
    resources: [{ ...type('envoy.extensions.transport_sockets.tls.v3.Secret'), ...content }],
  });
  return {
    certificate: secret({
      name: certificateSecret,
      tls_certificate: { certificate_chain: { filename: chain }, private_key: { filename: key }, ...watched },
    }),
    roots: secret({ name: rootsSecret, validation_context: { trusted_ca: { filename: roots }, ...watched } }),
  };
}

function socketAddress({ host, port }: TcpAddress): object {
  return { socket_address: { address: host, port_value: port } };
}
