/** Envoy as the benches start it: one listener with one filter of a protocol, one cluster. */
import { dubboInterface } from './proxy-frames.ts';

const network = 'type.googleapis.com/envoy.extensions.filters.network';
const at = (port: number): unknown => ({ socketAddress: { address: '127.0.0.1', portValue: port } });

export const thriftFilter = {
  name: 'thrift',
  typedConfig: {
    '@type': `${network}.thrift_proxy.v3.ThriftProxy`,
    statPrefix: 'thrift',
    transport: 'FRAMED',
    protocol: 'BINARY',
    routeConfig: { name: 'r', routes: [{ match: { methodName: 'echo' }, route: { cluster: 'echo' } }] },
    thriftFilters: [{ name: 'router', typedConfig: { '@type': `${network}.thrift_proxy.router.v3.Router` } }],
  },
};

const generic = `${network}.generic_proxy`;

/** Routes by the interface, on upstream connections that belong to one caller each, without which it pipelines nothing. */
export const genericDubboFilter = {
  name: 'dubbo',
  typedConfig: {
    '@type': `${generic}.v3.GenericProxy`,
    statPrefix: 'dubbo',
    codecConfig: { name: 'dubbo', typedConfig: { '@type': `${generic}.codecs.dubbo.v3.DubboCodecConfig` } },
    filters: [
      {
        name: 'envoy.filters.generic.router',
        typedConfig: { '@type': `${generic}.router.v3.Router`, bindUpstreamConnection: true },
      },
    ],
    routeConfig: {
      name: 'r',
      virtualHosts: [
        {
          name: 'v',
          hosts: [dubboInterface],
          routes: {
            onNoMatch: {
              action: {
                name: 'route',
                typedConfig: { '@type': `${generic}.action.v3.RouteAction`, cluster: 'echo' },
              },
            },
          },
        },
      ],
    },
  },
};

export function envoyBootstrap(port: number, upstream: number, filter: unknown): unknown {
  return {
    staticResources: {
      listeners: [{ name: 'bench', address: at(port), filterChains: [{ filters: [filter] }] }],
      clusters: [
        {
          name: 'echo',
          type: 'STATIC',
          connectTimeout: '1s',
          circuitBreakers: { thresholds: [{ maxConnections: 4096, maxPendingRequests: 4096, maxRequests: 4096 }] },
          loadAssignment: {
            clusterName: 'echo',
            endpoints: [{ lbEndpoints: [{ endpoint: { address: at(upstream) } }] }],
          },
        },
      ],
    },
  };
}
