/**
 * What Istio's sidecars with the MetaProtocol filter begin with beside their own bootstrap: the cluster by which they ask us for
 * routes, by the name that Aeraki gave it, and what makes istiod give them the filters that refer to it.
 */
import { sidecarMetadata } from '../../model/istio-settings.ts';

export interface RouteServer {
  readonly host: string;
  readonly port: number;
  /** Who answers there: the namespace and the service account of its certificate. */
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** ConfigMaps that hold it, one in each namespace: ours, and what Aeraki left. */
export const ownBootstrap = 'isthmus-bootstrap-config';
export const aerakiBootstrap = 'aeraki-bootstrap-config';
export const bootstrapKey = 'custom_bootstrap.json';

const unbounded = 100_000;

/** JSON, as Istio's agent merges it into the bootstrap of Envoys of any age. */
export function bootstrapOverride({ host, port, namespace, serviceAccount }: RouteServer): string {
  const thresholds = ['DEFAULT', 'HIGH'].map((priority) => ({
    priority,
    max_connections: unbounded,
    max_pending_requests: unbounded,
    max_requests: unbounded,
  }));
  const secret = (name: string) => ({
    name,
    sds_config: {
      initial_fetch_timeout: '0s',
      resource_api_version: 'V3',
      api_config_source: {
        api_type: 'GRPC',
        set_node_on_first_message_only: true,
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'sds-grpc' } }],
      },
    },
  });
  // Whoever has a certificate of the mesh could pose as us otherwise. The trust domain is Istio's, by its root.
  const subject = { san_type: 'URI', matcher: { suffix: `/ns/${namespace}/sa/${serviceAccount}` } };
  const cluster = {
    name: 'aeraki-xds',
    type: 'STRICT_DNS',
    connect_timeout: '1s',
    circuit_breakers: { thresholds },
    http2_protocol_options: {},
    upstream_connection_options: { tcp_keepalive: { keepalive_time: 300 } },
    load_assignment: {
      cluster_name: 'aeraki-xds',
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: { socket_address: { address: host, port_value: port } } } }] },
      ],
    },
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
        common_tls_context: {
          alpn_protocols: ['h2'],
          tls_certificate_sds_secret_configs: [secret('default')],
          combined_validation_context: {
            default_validation_context: { match_typed_subject_alt_names: [subject] },
            validation_context_sds_secret_config: secret('ROOTCA'),
          },
        },
      },
    },
  };
  // EnvoyFilters ask for it: istiod is told so by the proxy's node, which Envoy makes of both bootstraps.
  const node = { metadata: sidecarMetadata };
  return `${JSON.stringify({ node, static_resources: { clusters: [cluster] } }, null, 2)}\n`;
}
