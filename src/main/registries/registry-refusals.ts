/**
 * What the options of a ServiceRegistry say that its client would refuse, for commands that ask no server: by the same
 * readers that the clients have.
 */
import { type Finding, finding } from '../../model/finding.ts';
import type { RegistryType, ServiceRegistry } from '../../resources/kinds.ts';
import { consulRefusal } from '../../sources/registries/consul/consul-client.ts';
import { layoutOf } from '../../sources/registries/etcd/layout-options.ts';
import { eurekaOptions } from '../../sources/registries/eureka/eureka-options.ts';
import { nacosOptions } from '../../sources/registries/nacos/nacos-options.ts';
import { polarisRefusal } from '../../sources/registries/polaris/polaris-client.ts';
import { zooKeeperSettings } from '../../sources/registries/zookeeper/zookeeper-options.ts';

type Spec = ServiceRegistry['spec'];

/** What is text is why there are no options. */
const optionsOf: Readonly<Record<RegistryType, (spec: Spec) => unknown>> = {
  Polaris: polarisRefusal,
  Consul: consulRefusal,
  Nacos: ({ options }) => nacosOptions(options),
  Eureka: ({ options }) => eurekaOptions(options),
  ZooKeeper: zooKeeperSettings,
  Etcd: ({ options }) => layoutOf(options),
  Snapshot: () => undefined,
};

export function refusalFindings(registries: readonly ServiceRegistry[]): readonly Finding[] {
  return registries.flatMap(({ kind, metadata: { name, place }, spec }) => {
    const message = optionsOf[spec.type](spec);
    if (typeof message !== 'string') return [];
    return [
      finding('ISTH1021', {
        object: { kind, name },
        path: 'spec.options',
        message,
        ...(place === undefined ? {} : { place }),
      }),
    ];
  });
}
