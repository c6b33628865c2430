/**
 * Where the endpoints of services come from: ServiceEntries (written inline, selected, or the host itself), Kubernetes
 * Services (selected WorkloadEntries, an external name), EndpointSlices and registries. endpoint-groups.ts puts them
 * together.
 */
import type { Collection, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { RegisteredService } from '../../model/registry.ts';
import type { ResourceCollections } from '../inputs.ts';
import { fillingEndpoints } from '../registries/filled-entries.ts';
import { registeredEndpoints } from '../registries/registry-endpoints.ts';
import type { RegistryTables } from '../registries/registry-services.ts';
import type { EndpointSource } from './endpoint-source.ts';
import { kubernetesServiceEndpoints, sliceEndpoints } from './kubernetes-endpoints.ts';
import type { PodTables } from './pods.ts';
import { serviceEntryEndpoints } from './service-entry-endpoints.ts';
import { workloadsByLabel } from './workloads.ts';

export interface EndpointTables {
  readonly settings: Collection<MeshSettings>;
  readonly registries: RegistryTables;
  readonly registeredByName: Index<RegisteredService>;
  readonly resources: ResourceCollections;
  readonly pods: PodTables;
}

/** By service key. Kubernetes' come first: their keys are smaller. */
export function endpointSources(engine: Engine, tables: EndpointTables): Index<EndpointSource> {
  const { settings, registries, registeredByName, resources, pods } = tables;
  const workloads = workloadsByLabel(engine, resources.WorkloadEntry);
  const shape = { key: (source: EndpointSource) => source.key };
  const sources = engine.merge('endpoint sources', [
    engine.flatMap(
      'kubernetes service endpoints',
      resources.Service,
      (service, context) => kubernetesServiceEndpoints(service, context, settings, workloads),
      shape,
    ),
    engine.flatMap(
      'slice endpoints',
      resources.EndpointSlice,
      (slice, context) => sliceEndpoints(slice, context, settings, pods),
      shape,
    ),
    engine.flatMap(
      'service entry endpoints',
      resources.ServiceEntry,
      (entry, context) => serviceEntryEndpoints(entry, context, settings, workloads),
      shape,
    ),
    engine.flatMap(
      'filling endpoints',
      resources.ServiceEntry,
      (entry, context) => fillingEndpoints(entry, context, { settings, registries, registeredByName }),
      shape,
    ),
    engine.flatMap(
      'registry endpoints',
      registries.registered,
      (service, context) => registeredEndpoints(service, context, { ...registries, settings }),
      shape,
    ),
  ]);
  return engine.index('endpoint sources by service', sources, (source) => source.services);
}
