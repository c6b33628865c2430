/** Which client speaks to which type of registry. */
import type { RegistryType } from '../../resources/kinds.ts';
import { createConsulClient } from '../../sources/registries/consul/consul-client.ts';
import { createEtcdClient } from '../../sources/registries/etcd/etcd-client.ts';
import { createEurekaClient } from '../../sources/registries/eureka/eureka-client.ts';
import { createNacosClient } from '../../sources/registries/nacos/nacos-client.ts';
import { createPolarisClient } from '../../sources/registries/polaris/polaris-client.ts';
import type { CreateRegistryClient } from '../../sources/registries/registry-client.ts';
import { createSnapshotClient } from '../../sources/registries/snapshot/snapshot-client.ts';
import { createZooKeeperClient } from '../../sources/registries/zookeeper/zookeeper-client.ts';

export const registryClients: Readonly<Record<RegistryType, CreateRegistryClient>> = {
  Polaris: createPolarisClient,
  Consul: createConsulClient,
  Nacos: createNacosClient,
  Eureka: createEurekaClient,
  ZooKeeper: createZooKeeperClient,
  Etcd: createEtcdClient,
  Snapshot: createSnapshotClient,
};
