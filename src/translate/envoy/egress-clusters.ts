/** Clusters of hosts outside the mesh: found by DNS, and held against ranges of addresses where a policy writes some. */
import { enumValue, type envoy, pack } from '../../xds-api/messages.ts';
import { cidrRange, socketAddress } from './values.ts';

type Cluster = envoy.config.cluster.v3.Cluster;
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;

const V4_PREFERRED = enumValue('envoy.extensions.clusters.common.dns.v3.DnsLookupFamily', 'V4_PREFERRED');
const PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** `hosts`: names that the proxy resolves, or addresses. */
export function dnsCluster(
  name: string,
  hosts: readonly string[],
  port: number,
): Pick<Cluster, 'name' | 'clusterType' | 'loadAssignment'> {
  return {
    name,
    clusterType: {
      name: 'envoy.cluster.dns',
      typedConfig: pack('envoy.extensions.clusters.dns.v3.DnsCluster', {
        respectDnsTtl: true,
        dnsLookupFamily: V4_PREFERRED,
      }),
    },
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: hosts.map((host) => ({ endpoint: { address: socketAddress(host, port) } })) }],
    },
  };
}

const CODEC: HttpFilter = {
  name: 'envoy.filters.http.upstream_codec',
  typedConfig: pack('envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec', {}),
};

/**
 * HTTP in the version that the request came in; to no address outside of the ranges, where there are some. `bounds`: of
 * its connections.
 */
export function rangedHttp(
  ranges: readonly string[],
  bounds: envoy.config.core.v3.HttpProtocolOptions | undefined,
): Pick<Cluster, 'typedExtensionProtocolOptions'> {
  const options = pack(PROTOCOL_OPTIONS, {
    ...(bounds === undefined ? {} : { commonHttpProtocolOptions: bounds }),
    useDownstreamProtocolConfig: { httpProtocolOptions: {}, http2ProtocolOptions: {} },
    ...(ranges.length === 0 ? {} : { httpFilters: [rangeFilter(ranges), CODEC] }),
  });
  return { typedExtensionProtocolOptions: { [PROTOCOL_OPTIONS]: options } };
}

/** Decides once the address is chosen. */
function rangeFilter(ranges: readonly string[]): HttpFilter {
  const permissions = ranges.map((range) => ({
    matcher: {
      name: 'envoy.rbac.matchers.upstream_ip_port',
      typedConfig: pack('envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher', {
        upstreamIp: cidrRange(range),
      }),
    },
  }));
  return {
    name: 'envoy.filters.http.rbac',
    typedConfig: pack('envoy.extensions.filters.http.rbac.v3.RBAC', {
      rules: { policies: { 'egress ranges': { permissions, principals: [{ any: true }] } } },
    }),
  };
}
