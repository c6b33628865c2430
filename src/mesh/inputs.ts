/** What the mesh model is made from: one collection a kind, whatever source fills it, and the leases of virtual IPs. */
import type { Collection } from '../collections/collection.ts';
import type { AccessMode } from '../model/mesh-service.ts';
import type { RegisteredService } from '../model/registry.ts';
import type { VirtualIpLease } from '../model/virtual-ip.ts';
import type { Kind, ResourceOf } from '../resources/kinds.ts';
import type { InspectCodec } from './routing/codec-abilities.ts';
import type { VirtualIpRanges } from './virtual-ips/virtual-ips.ts';

/** Each keyed by the resources' own key. */
export type ResourceCollections = { readonly [K in Kind]: Collection<ResourceOf<K>> };

export interface MeshInputs {
  readonly resources: ResourceCollections;
  /** What registries hold, keyed by the registered service's key. */
  readonly registered: Collection<RegisteredService>;
  /** Keyed by service key. */
  readonly leases: Collection<VirtualIpLease>;
  /** Keys of MigrationPlans whose hosts have been quiet for long enough to be retired. */
  readonly quietMigrations: Collection<string>;
  /** The mode of access that was last written, under one key. Absent: none was ever. */
  readonly keptAccess?: Collection<AccessMode>;
  readonly keptRanges?: Collection<VirtualIpRanges>;
  /** The trust domain that certificates are issued for since the start, under any key: it stays. */
  readonly fixedTrustDomain?: Collection<string>;
  /** Absent: every codec is taken to be able to do everything. */
  readonly inspectCodec?: InspectCodec;
  /** Under `mesh` while Istio is told of this mesh, whatever it is told. Absent: it never is. */
  readonly istioTold?: Collection<unknown>;
  /** Where proxies stand, keyed by address. Absent: inbound ports are made for every endpoint. */
  readonly proxyAddresses?: Collection<string>;
}
