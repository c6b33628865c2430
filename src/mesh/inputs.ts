/** What the mesh model is made from: one collection a kind, whatever source fills it, and the leases of virtual IPs. */
import type { Collection } from '../collections/collection.ts';
import type { RegisteredService } from '../model/registry.ts';
import type { VirtualIpLease } from '../model/virtual-ip.ts';
import type {
  ApplicationProtocol,
  DestinationRule,
  EndpointSlice,
  KubernetesService,
  MeshConfig,
  MetaRouter,
  Namespace,
  ProtocolCodec,
  ServiceEntry,
  ServiceRegistry,
  WorkloadEntry,
  WorkloadGroup,
} from '../resources/kinds.ts';
import type { InspectCodec } from './codec-abilities.ts';

/** Each keyed by the resources' own key. */
export interface ResourceTables {
  readonly applicationProtocols: Collection<ApplicationProtocol>;
  readonly metaRouters: Collection<MetaRouter>;
  readonly serviceEntries: Collection<ServiceEntry>;
  readonly workloadEntries: Collection<WorkloadEntry>;
  readonly workloadGroups: Collection<WorkloadGroup>;
  readonly destinationRules: Collection<DestinationRule>;
  readonly kubernetesServices: Collection<KubernetesService>;
  readonly endpointSlices: Collection<EndpointSlice>;
  readonly namespaces: Collection<Namespace>;
  readonly protocolCodecs: Collection<ProtocolCodec>;
  readonly meshConfigs: Collection<MeshConfig>;
  readonly serviceRegistries: Collection<ServiceRegistry>;
}

export interface MeshInputs extends ResourceTables {
  /** What registries hold, keyed by the registered service's key. */
  readonly registered: Collection<RegisteredService>;
  /** Keyed by service key. */
  readonly leases: Collection<VirtualIpLease>;
  /** Absent: every codec is taken to be able to do everything. */
  readonly inspectCodec?: InspectCodec;
  /** Where proxies stand, keyed by address. Absent: inbound ports are made for every endpoint. */
  readonly proxyAddresses?: Collection<string>;
}
