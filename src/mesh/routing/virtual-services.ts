/** Which VirtualService is in force for a service, of those that are for the mesh and not for gateways alone. */
import type { Collection } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { Service, ServiceKey } from '../../model/service.ts';
import type { VirtualService } from '../../resources/kinds.ts';
import { hostCandidates } from '../services/host-names.ts';
import { visibilityOf } from '../services/visibility.ts';
import { settingsOf } from '../settings.ts';
import { ruleFor } from '../traffic/host-rules.ts';

export interface RuleInForce {
  readonly key: ServiceKey;
  readonly rule: VirtualService;
}

interface Tables {
  readonly settings: Collection<MeshSettings>;
  readonly services: Collection<Service>;
}

/** By service key. */
export function virtualServicesInForce(
  engine: Engine,
  { settings, services }: Tables,
  virtualServices: Collection<VirtualService>,
): Collection<RuleInForce> {
  const rules = engine.map('virtual services of the mesh', virtualServices, (resource, context) => {
    const { namespace } = resource.metadata;
    const { hosts, exportTo } = resource.spec;
    if (!isForMesh(resource.spec.gateways)) return undefined;
    const { clusterDomain } = settingsOf(context, settings);
    return {
      resource,
      hosts: hosts.flatMap((host) => hostCandidates(host, namespace, clusterDomain)),
      visibility: visibilityOf(exportTo, namespace),
    };
  });
  const byHost = engine.index('virtual services by host', rules, (rule) => rule.hosts);
  return engine.map('virtual services in force', services, (service, context) => {
    const rule = ruleFor(context, byHost, service);
    return rule === undefined ? undefined : { key: service.key, rule };
  });
}

/** Of a VirtualService, or of one of its matches. */
export function isForMesh(gateways: readonly string[]): boolean {
  return gateways.length === 0 || gateways.includes('mesh');
}
