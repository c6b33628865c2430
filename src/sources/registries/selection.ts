/** What of a registry is bridged, by the `select` of its ServiceRegistry. */
import type { RegistryService, RegistryServiceName } from '../../model/registry.ts';
import type { RegistrySelectSpec } from '../../resources/kinds.ts';
import { fits } from '../../resources/name-patterns.ts';

/** By name alone: clients need not read what this refuses. */
export function isSelected(select: RegistrySelectSpec, { namespace, group, name }: RegistryServiceName): boolean {
  return (
    (select.namespaces.length === 0 || select.namespaces.includes(namespace)) &&
    (select.groups.length === 0 || select.groups.includes(group)) &&
    (select.services.length === 0 || select.services.some((pattern) => fits(pattern, name))) &&
    !select.exceptServices.some((pattern) => fits(pattern, name))
  );
}

/** The service with the instances that bear the metadata asked for, where the service itself does not. */
export function selectInstances(select: RegistrySelectSpec, service: RegistryService): RegistryService {
  const wanted = Object.entries(select.metadata).filter(([key, value]) => service.metadata[key] !== value);
  if (wanted.length === 0) return service;
  const instances = service.instances.filter(({ metadata }) => wanted.every(([key, value]) => metadata[key] === value));
  return { ...service, instances };
}
