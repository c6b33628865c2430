/** An Envoy tells everybody at one port whether it is ready, and nothing else that its admin address knows. */
import { isIP } from 'node:net';
import type { TcpAddress } from '../../model/tcp-address.ts';

const cluster = 'isthmus-admin';
const type = (name: string) => ({ '@type': `type.googleapis.com/${name}` });

/** `addresses`: of the workload, by which the families are told. */
export function envoyHealth(port: number, addresses: readonly string[], admin: TcpAddress) {
  const isDual = addresses.some((address) => isIP(address) === 6);
  const everywhere = isDual ? { address: '::', ipv4_compat: true } : { address: '0.0.0.0' };
  const lead = { address: { socket_address: { address: admin.host, port_value: admin.port } } };
  return {
    cluster: {
      name: cluster,
      type: 'STATIC',
      connect_timeout: '1s',
      load_assignment: { cluster_name: cluster, endpoints: [{ lb_endpoints: [{ endpoint: lead }] }] },
    },
    listener: {
      name: 'isthmus-health',
      address: { socket_address: { ...everywhere, port_value: port } },
      ignore_global_conn_limit: true,
      filter_chains: [{ filters: [{ name: 'http', typed_config: connectionManager }] }],
    },
  };
}

const connectionManager = {
  ...type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
  stat_prefix: 'health',
  codec_type: 'HTTP1',
  request_timeout: '5s',
  route_config: {
    virtual_hosts: [{ name: 'ready', domains: ['*'], routes: [{ match: { path: '/ready' }, route: { cluster } }] }],
  },
  http_filters: [{ name: 'router', typed_config: type('envoy.extensions.filters.http.router.v3.Router') }],
};
