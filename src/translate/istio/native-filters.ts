/**
 * Envoy's own filters for the protocols that a port can be named after, by proto JSON. Their routes stand in them, as stock
 * sidecars have nobody else to ask. All but Kafka's are in the images of Istio.
 */
import type { FilterConfig, NetworkFilter } from './envoy-filters.ts';

const TYPE = 'type.googleapis.com/envoy.extensions.filters.network';

/** `cluster`: where its requests go, and what its statistics are called after. */
export function thriftProxy(cluster: string, routes: readonly FilterConfig[]): NetworkFilter {
  return {
    name: 'envoy.filters.network.thrift_proxy',
    typeUrl: `${TYPE}.thrift_proxy.v3.ThriftProxy`,
    config: {
      statPrefix: cluster,
      routeConfig: { name: cluster, routes },
      thriftFilters: [
        { name: 'envoy.filters.thrift.router', typedConfig: { '@type': `${TYPE}.thrift_proxy.router.v3.Router` } },
      ],
    },
  };
}

/** Every request, whatever it calls. */
export function anyThriftCall(route: FilterConfig): FilterConfig {
  return { match: { methodName: '' }, route };
}

/**
 * The older field for routes: the newer one is unknown to the Envoys of Istio before 1.17. `dubboInterface` may begin or end
 * with `*`, or be that alone.
 */
export function dubboProxy(cluster: string, dubboInterface: string, routes: readonly FilterConfig[]): NetworkFilter {
  return {
    name: 'envoy.filters.network.dubbo_proxy',
    typeUrl: `${TYPE}.dubbo_proxy.v3.DubboProxy`,
    config: {
      statPrefix: cluster,
      routeConfig: [{ name: cluster, interface: dubboInterface, routes }],
      dubboFilters: [
        { name: 'envoy.filters.dubbo.router', config: { '@type': `${TYPE}.dubbo_proxy.router.v3.Router` } },
      ],
    },
  };
}

/** Every request of the interface. */
export function anyDubboCall(route: FilterConfig): FilterConfig {
  return { match: { method: { name: { safeRegex: { googleRe2: {}, regex: '.*' } } } }, route };
}

export function kafkaBroker(statPrefix: string): NetworkFilter {
  return {
    name: 'envoy.filters.network.kafka_broker',
    typeUrl: `${TYPE}.kafka_broker.v3.KafkaBroker`,
    config: { statPrefix },
  };
}

export function zookeeperProxy(statPrefix: string): NetworkFilter {
  return {
    name: 'envoy.filters.network.zookeeper_proxy',
    typeUrl: `${TYPE}.zookeeper_proxy.v3.ZooKeeperProxy`,
    config: { statPrefix },
  };
}
