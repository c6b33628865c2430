/** Which services want a virtual IP, and which addresses are taken because somebody wrote them. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding } from '../../model/finding.ts';
import type { Service, ServiceKey } from '../../model/service.ts';
import { about } from '../resource-order.ts';
import { byPrecedence, type ServiceDeclaration } from '../services/declarations.ts';

export interface VirtualIpClaim {
  readonly key: ServiceKey;
}

/** One address or CIDR, as written, and the services it was written for; sorted. */
export interface ReservedAddress {
  readonly address: string;
  readonly services: readonly ServiceKey[];
  /** Those of them that are not served there: another service comes first at one of their ports. */
  readonly displaced: readonly ServiceKey[];
}

/** Keyed by service key. */
export function virtualIpClaims(engine: Engine, services: Collection<Service>): Collection<VirtualIpClaim> {
  return engine.map('virtual ip claims', services, (service) =>
    wantsVirtualIp(service) ? { key: service.key } : undefined,
  );
}

/**
 * A host that callers dial by name, without an address of its own. A Kubernetes Service has none where no API server
 * gave it one, which is so in files; one that is an external name is a name only. A wildcard has no one address; and with
 * resolution `none` a call goes to the address that the caller chose.
 */
export function wantsVirtualIp(service: Service): boolean {
  return (
    service.addresses.length === 0 &&
    !isExternalName(service) &&
    !service.headless &&
    service.resolution !== 'none' &&
    !service.host.startsWith('*')
  );
}

function isExternalName({ provenance, resolution }: Service): boolean {
  return provenance.source === 'kubernetes' && resolution === 'dns';
}

/** Keyed by the address as written. What lost to another declaration is reserved too: it may win tomorrow. */
export function reservedAddresses(
  engine: Engine,
  declarations: Collection<ServiceDeclaration>,
): Collection<ReservedAddress> {
  return engine.groupBy(
    'reserved addresses',
    declarations,
    (declaration) => declaration.service.addresses,
    (address, members, context) => {
      const displaced = displacedServices(address, members.toSorted(byPrecedence), context);
      return { address, services: [...new Set(members.map((member) => member.service.key))].sort(), displaced };
    },
  );
}

/** Two hosts may share an address as long as their ports differ; otherwise the first has it. */
function displacedServices(
  address: string,
  members: readonly ServiceDeclaration[],
  context: Context,
): readonly ServiceKey[] {
  const taken = new Map<number, ServiceKey>();
  const displaced = new Set<ServiceKey>();
  for (const { service, resource } of members) {
    const port = service.ports.find(({ number }) => (taken.get(number) ?? service.key) !== service.key)?.number;
    if (port !== undefined) {
      const message = `${address} port ${port} is written for ${taken.get(port)}, which has it, and for ${service.key}.`;
      context.report(finding('ISTH0313', { ...about(resource), path: 'spec.addresses', message }));
      displaced.add(service.key);
    } else for (const { number } of service.ports) taken.set(number, service.key);
  }
  return [...displaced].sort();
}
