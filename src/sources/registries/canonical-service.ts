/** A service as the bridge compares and keeps it. */
import type { RegistryService } from '../../model/registry.ts';
import { byId } from './bridged-service.ts';

/** Whatever order the registry has: sorted, each id once; a port's protocol may stand in the metadata. */
export function canonical(service: RegistryService): RegistryService {
  const byIds = new Map(service.instances.map((instance) => [instance.id, instance]));
  const protocol = service.metadata.protocol ?? '';
  const instances = [...byIds.values()].sort(byId).map((instance) => ({
    ...instance,
    ports: instance.ports.map((port) =>
      port.protocol === '' ? { ...port, protocol: instance.metadata.protocol ?? protocol } : port,
    ),
    metadata: sortedRecord(instance.metadata),
  }));
  return { ...service, metadata: sortedRecord(service.metadata), instances };
}

function sortedRecord(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
