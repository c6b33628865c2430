/** Which VirtualService is in force for a service, of those that are for the mesh and not for gateways alone. */
import type { Collection } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { Service, ServiceKey } from '../../model/service.ts';
import type { VirtualService } from '../../resources/kinds.ts';
import type { HostServices } from '../services/services.ts';
import { ruleFor, rulesByHost } from '../traffic/host-rules.ts';

export interface RuleInForce {
  readonly key: ServiceKey;
  readonly rule: VirtualService;
}

interface Tables {
  readonly settings: Collection<MeshSettings>;
  readonly services: Collection<Service>;
  readonly hosts: Collection<HostServices>;
}

/** By service key. */
export function virtualServicesInForce(
  engine: Engine,
  tables: Tables,
  virtualServices: Collection<VirtualService>,
): Collection<RuleInForce> {
  const hostsInMesh = ({ spec }: VirtualService): readonly string[] => (isForMesh(spec.gateways) ? spec.hosts : []);
  const isForGatewaysToo = ({ spec }: VirtualService): boolean => spec.gateways.some((gateway) => gateway !== 'mesh');
  const byHost = rulesByHost(engine, 'virtual services', tables, virtualServices, hostsInMesh, isForGatewaysToo);
  return engine.map('virtual services in force', tables.services, (service, context) => {
    const rule = ruleFor(context, byHost, service);
    return rule === undefined ? undefined : { key: service.key, rule };
  });
}

/** Of a VirtualService, or of one of its matches. */
export function isForMesh(gateways: readonly string[]): boolean {
  return gateways.length === 0 || gateways.includes('mesh');
}
