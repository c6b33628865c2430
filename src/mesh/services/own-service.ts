/** The services that policies name which are for services of one namespace. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import { type Service, serviceKey } from '../../model/service.ts';
import { settingsOf } from '../settings.ts';
import { hostCandidates } from './host-names.ts';

export interface ServiceTables {
  readonly settings: Collection<MeshSettings>;
  readonly services: Collection<Service>;
}

/** A service of the namespace, whichever of its names is written. Strangers of the same name do not count. */
export function ownService(
  namespace: string,
  written: string,
  context: Context,
  { settings, services }: ServiceTables,
): Service | undefined {
  for (const host of hostCandidates(written, namespace, settingsOf(context, settings).clusterDomain)) {
    const service = context.get(services, serviceKey(namespace, host));
    if (service !== undefined) return service;
  }
  return undefined;
}
